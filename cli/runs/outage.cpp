#include "cli/runs/outage.hpp"

#include <ostream>

#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

constexpr std::chrono::milliseconds step{500};

}  // namespace

bool Outage::sit_out(const Error& error) {
  const auto connection = context_.connection();
  const bool is_remote = connection && !(*connection)->is_local();
  if (!is_remote || error.code != ErrorCode::unavailable || error.reason == "not_offered") return false;
  if (waited_ >= longest) return false;
  if (waited_.count() == 0) {
    context_.terminal.err << output::printable(error.message) << "; waiting for it to come back\n" << std::flush;
  }
  waited_ += step;
  return context_.pause(step);
}

void Outage::end() {
  if (waited_.count() > 0) context_.terminal.err << "it is back\n" << std::flush;
  waited_ = std::chrono::milliseconds{0};
}

}  // namespace runagents::cli
