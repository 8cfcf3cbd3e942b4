#include "cli/progress.hpp"

#include <fmt/format.h>
#include <ostream>

#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

constexpr std::chrono::seconds quiet{1};
constexpr std::size_t usual_width = 80;

}  // namespace

Progress::Progress(const Context& context)
    : context_{context},
      start_{context.now()},
      can_show_{context.terminal.err_is_terminal && context.environment("TERM").value_or("dumb") != "dumb"} {}

void Progress::show(std::string_view what) {
  const auto passed = context_.now() - start_;
  if (!can_show_ || passed < quiet) return;
  const auto& terminal = context_.terminal;
  const auto width = terminal.err_width == 0 ? usual_width : terminal.err_width;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(passed);
  const auto text = fmt::format("waiting for {}, {}", output::printable(what), output::duration(seconds));
  // One column is left: in the last one some terminals begin another line.
  terminal.err << "\r\x1b[K" << output::shorten(text, width - 1) << std::flush;
  is_shown_ = true;
}

void Progress::clear() {
  if (is_shown_) context_.terminal.err << "\r\x1b[K" << std::flush;
  is_shown_ = false;
}

}  // namespace runagents::cli
