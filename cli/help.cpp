#include "cli/help.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/output/fit.hpp"
#include "cli/output/text.hpp"
#include "cli/parse.hpp"

namespace runagents::cli {
namespace {

using output::Colour;
using output::paint;

/// Columns of a line that is easily read.
constexpr std::size_t widest_text = 100;

std::string heading(std::string_view text, bool colour) { return "\n" + paint(text, Colour::bold, colour) + "\n"; }

using Lines = std::vector<std::pair<std::string, std::string>>;

/// Two columns, the left one as wide as its widest entry.
std::string two_columns(const Lines& lines, std::size_t screen) {
  std::size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  std::string text;
  for (const auto& [left, right] : lines) text += fmt::format("  {:<{}}  {}\n", left, width, right);
  return output::fitted(text, screen);
}

std::string usage_line(const Command& command, std::string_view path) {
  auto line = fmt::format("Usage: {}", path);
  if (!command.commands.empty()) return line + " COMMAND\n";
  line += " [flags]";
  for (const auto& argument : command.arguments) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(argument.binding);
    const auto name = argument.is_command ? "[--] CMD [ARG...]" : argument.name + (many ? "..." : "");
    line += argument.required ? fmt::format(" {}", name) : fmt::format(" [{}]", name);
  }
  return line + "\n";
}

Lines flag_lines(const std::vector<Flag>& flags) {
  Lines lines;
  for (const auto& flag : flags) {
    auto left = flag.letter == 0 ? std::string{"    "} : fmt::format("-{}, ", flag.letter);
    left += "--" + flag.name;
    if (!flag.value.empty()) {
      left += " " + (flag.choices.empty() ? flag.value : fmt::format("{}", fmt::join(flag.choices, "|")));
    }
    auto right = flag.summary;
    if (!flag.default_text.empty()) right += fmt::format(" (default: {})", flag.default_text);
    lines.emplace_back(std::move(left), std::move(right));
  }
  return lines;
}

Lines command_lines(const Command& group) {
  Lines lines;
  for (const auto& command : group.commands) {
    if (!command.hidden) lines.emplace_back(command.name, command.summary);
  }
  return lines;
}

void collect_examples(const Command& command, std::vector<Example>& into) {
  into.insert(into.end(), command.examples.begin(), command.examples.end());
  if (!command.examples.empty()) return;
  for (const auto& child : command.commands) {
    if (!child.examples.empty()) into.push_back(child.examples.front());
  }
}

}  // namespace

std::string help_text(const Command& command, std::string_view path, bool colour, std::size_t width) {
  auto text = output::fitted(usage_line(command, path), width) + "\n" +
              output::refilled(command.description.empty() ? command.summary : command.description,
                               std::min(width, widest_text)) +
              "\n";
  if (!command.commands.empty()) text += heading("Commands", colour) + two_columns(command_lines(command), width);
  Lines arguments;
  for (const auto& argument : command.arguments) arguments.emplace_back(argument.name, argument.summary);
  if (!arguments.empty()) text += heading("Arguments", colour) + two_columns(arguments, width);
  Invocation unused;
  std::string format;
  std::string colour_word;
  auto flags = command.flags;
  std::ranges::move(common_flags(command, unused, format, colour_word), std::back_inserter(flags));
  text += heading("Flags", colour) + two_columns(flag_lines(flags), width);
  std::vector<Example> examples;
  collect_examples(command, examples);
  if (!examples.empty()) text += heading("Examples", colour);
  for (const auto& example : examples) {
    // The line itself stays one: it is there to be copied.
    const auto meaning = paint("# " + example.meaning, Colour::dim, colour);
    text += fmt::format("{}\n  {}\n", output::fitted("  " + meaning, width), example.line);
  }
  return text;
}

std::string overview_text(const Command& root, bool colour, std::size_t width) {
  const Lines first = {{"runagents demo", "see it work, nothing to configure"},
                       {"runagents init my-agent", "start a project"},
                       {"runagents run", "run its agent"}};
  return fmt::format("{}\n\n{}\n\n{}{}{}\n{}\n", paint("runagents", Colour::bold, colour),
                     output::fitted("  " + root.summary, width), two_columns(first, width), heading("Commands", colour),
                     two_columns(command_lines(root), width),
                     output::fitted("runagents COMMAND --help tells more, with examples.", width));
}

}  // namespace runagents::cli
