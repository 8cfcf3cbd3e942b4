#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "cli/parse.hpp"
#include "man/mdoc.hpp"
#include "man/pages.hpp"

namespace runagents::man {
namespace {

using cli::Command;

constexpr std::size_t longest_choices = 40;

std::string joined(const std::vector<std::string>& lines, std::string_view between = "\n") {
  return fmt::format("{}", fmt::join(lines, between));
}

std::string list(const std::vector<std::string>& items, std::string_view options = "") {
  return fmt::format(".Bl -tag -width Ds{}\n{}\n.El", options, joined(items));
}

bool takes_many(const cli::Argument& argument) {
  return std::holds_alternative<std::vector<std::string>*>(argument.binding);
}

std::string name_of(const cli::Argument& argument) {
  return word(argument.name) + (takes_many(argument) ? " ..." : "");
}

std::string item(const cli::Argument& argument) {
  return fmt::format(".It Ar {}\n{}", name_of(argument), prose(argument.summary));
}

std::string item(const cli::Flag& flag) {
  auto head = flag.letter == 0 ? std::string{".It "} : fmt::format(".It Fl {} , ", flag.letter);
  head += "Fl \\-" + word(flag.name);
  auto meaning = flag.summary;
  const auto choices = joined(flag.choices, "|");
  const bool shows_choices = !choices.empty() && choices.size() < longest_choices;
  if (!flag.value.empty()) head += " Ar " + word(shows_choices ? choices : flag.value);
  if (!flag.default_text.empty()) meaning += fmt::format(" (default: {})", flag.default_text);
  if (!choices.empty() && !shows_choices) meaning += ": " + joined(flag.choices, ", ");
  return fmt::format("{}\n{}", head, prose(meaning));
}

std::string flags(std::span<const cli::Flag> all) {
  std::vector<std::string> items;
  for (const auto& flag : all) items.push_back(item(flag));
  return list(items);
}

bool prints_objects(const Command& command) {
  return command.prints_objects || std::ranges::any_of(command.commands, prints_objects);
}

std::string common_flags(bool with_output) {
  cli::Invocation unused;
  std::string format;
  std::string colour;
  const Command any{.name = {}, .summary = {}, .prints_objects = with_output};
  return flags(cli::common_flags(any, unused, format, colour));
}

/// Every command below that does something, with what is typed to get there.
using Leaves = std::vector<std::pair<const Command*, std::string>>;
Leaves leaves_of(const Command& command, const std::string& path) {
  if (command.commands.empty()) return {{&command, path}};
  Leaves leaves;
  for (const auto& child : command.commands) {
    if (!child.hidden) std::ranges::move(leaves_of(child, path + " " + child.name), std::back_inserter(leaves));
  }
  return leaves;
}

std::string synopsis(const Command& command, std::string_view path) {
  auto lines = fmt::format(".Nm {}\n.Op Ar flags", path);
  for (const auto& argument : command.arguments) {
    const auto name = argument.is_command ? "Fl \\- Ar CMD Op Ar ARG ..." : "Ar " + name_of(argument);
    lines += (argument.required ? "\n." : "\n.Op ") + name;
  }
  return lines;
}

std::string description(const Command& command) {
  return command.description.empty() ? capitalized(command.summary + ".") : prose(command.description);
}

std::string details(const Command& command) {
  std::vector<std::string> items;
  items.reserve(command.arguments.size() + command.flags.size());
  for (const auto& argument : command.arguments) items.push_back(item(argument));
  for (const auto& flag : command.flags) items.push_back(item(flag));
  return items.empty() ? description(command) : description(command) + "\n" + list(items);
}

std::string status(int number, std::string_view meaning) { return fmt::format(".It {}\n{}", number, prose(meaning)); }

constexpr std::array statuses = {
    std::pair{ErrorCode::internal, "It failed for another reason."},
    std::pair{ErrorCode::usage, "Wrong usage, or wrong configuration."},
    std::pair{ErrorCode::unauthenticated, "Not authenticated: a bad or expired credential."},
    std::pair{ErrorCode::forbidden, "Not permitted: no delegation, a deactivated user, a policy, a rejected approval."},
    std::pair{ErrorCode::needs_person,
              "It needs a person: an approval is pending; a consent or a session grant is missing."},
    std::pair{ErrorCode::not_found, "Not found."},
    std::pair{ErrorCode::conflict, "A conflict, or somebody else has changed it."},
    std::pair{ErrorCode::unavailable, "The network, a time-out, or an error of the server."},
    std::pair{ErrorCode::bad_outcome, "What was waited for ended badly."},
};

/// `failure`: see Command::failure_exit.
std::string exit_status(int failure) {
  if (failure == 0) {
    std::vector<std::string> items{status(0, "Done.")};
    for (const auto& [code, meaning] : statuses) items.push_back(status(exit_code(code), meaning));
    return list(items, " -compact");
  }
  return "The exit status is that of the program that was run, and otherwise:\n.Pp\n" +
         list({status(failure, "runagents itself failed, for whatever reason."),
               status(failure + 1, "The program cannot be executed."), status(failure + 2, "The program is not found."),
               ".It 128+N\nA signal ended the program: N is its number."},
              " -compact");
}

std::string page_of(const Command& command) { return "runagents-" + command.name; }

}  // namespace

Parts parts_of_program(const Command& root) {
  std::vector<std::string> commands;
  std::vector<std::string> others{"runagents.toml 5"};
  for (const auto& command : root.commands) {
    if (command.hidden) continue;
    commands.push_back(
        fmt::format(".It Cm {}\n{}; see\n.Xr {} 1 .", word(command.name), prose(command.summary), page_of(command)));
    others.push_back(page_of(command) + " 1");
  }
  std::ranges::sort(others);
  return {{"SUMMARY", prose(root.summary)}, {"DESCRIPTION", prose(root.description)},
          {"COMMANDS", list(commands)},     {"COMMON_FLAGS", common_flags(true)},
          {"EXIT_STATUS", exit_status(0)},  {"SEE_ALSO", ".Xr " + joined(others, " ,\n.Xr ")}};
}

Parts parts_of_command(const Command& root, const Command& command) {
  auto title = page_of(command);
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  std::vector<std::string> synopses;
  std::vector<std::string> descriptions{details(command)};
  std::vector<std::string> examples;
  for (const auto& [leaf, path] : leaves_of(command, root.name + " " + command.name)) {
    synopses.push_back(synopsis(*leaf, path));
    if (leaf != &command) descriptions.push_back(fmt::format(".Ss {}\n{}", path, details(*leaf)));
    for (const auto& example : leaf->examples) {
      examples.push_back(prose(example.meaning + ":") + "\n" + display(example.line));
    }
  }
  return {{"TITLE", title},
          {"NAME", page_of(command)},
          {"SUMMARY", prose(command.summary)},
          {"SYNOPSIS", joined(synopses)},
          {"DESCRIPTION", joined(descriptions)},
          {"COMMON_FLAGS", common_flags(prints_objects(command))},
          {"EXIT_STATUS", exit_status(command.failure_exit)},
          {"EXAMPLES", joined(examples, "\n.Pp\n")}};
}

}  // namespace runagents::man
