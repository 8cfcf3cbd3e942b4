#include "cli/program.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <ostream>
#include <system_error>
#include <utility>

#include "cli/advice.hpp"
#include "cli/help.hpp"
#include "cli/parse.hpp"
#include "cli/report.hpp"

namespace runagents::cli {
namespace {

using output::Format;

bool is_version(std::span<const std::string> words) {
  return words.size() == 1 && (words[0] == "--version" || words[0] == "-V" || words[0] == "version");
}

/// "runagents help runs get" asks for what "runagents runs get --help" does.
std::vector<std::string> without_help_word(std::span<const std::string> words) {
  std::vector<std::string> rest(words.begin(), words.end());
  if (!rest.empty() && rest.front() == "help") {
    rest.erase(rest.begin());
    rest.emplace_back("--help");
  }
  return rest;
}

/// --color; then NO_COLOR (no-color.org), CLICOLOR_FORCE and CLICOLOR (bixense.com/clicolors); then what is there.
void set_colours(Terminal& terminal, ColourChoice choice, const Context& context) {
  const auto is_set = [&context](std::string_view name) {
    const auto value = context.environment(name).value_or("");
    return !value.empty() && value != "0";
  };
  const bool refused = !context.environment("NO_COLOR").value_or("").empty();
  const bool forced = !refused && is_set("CLICOLOR_FORCE");
  const bool unwanted = refused || context.environment("CLICOLOR") == "0" || context.environment("TERM") == "dumb";
  const auto wanted = [&](bool is_terminal) {
    if (choice == ColourChoice::automatic) return forced || (is_terminal && !unwanted);
    return choice == ColourChoice::always;
  };
  terminal.colour_out = wanted(terminal.out_is_terminal);
  terminal.colour_err = wanted(terminal.err_is_terminal);
}

Result<void> set_output(const Invocation& invocation, Context& context) {
  context.output.fields = invocation.fields;
  context.output.format = invocation.format.value_or(Format::table);
  const auto variable = context.environment("RUNAGENTS_OUTPUT").value_or("");
  if (invocation.format || variable.empty() || !invocation.command->prints_objects) return {};
  const auto format = output::format_of(variable);
  if (!format) {
    return fail(ErrorCode::configuration, "RUNAGENTS_OUTPUT: \"" + variable + "\" is no output format",
                "there are table, json, jsonl, yaml and name");
  }
  context.output.format = *format;
  return {};
}

bool wants_json_errors(std::span<const std::string> words, const Context& context) {
  const auto variable = context.environment("RUNAGENTS_OUTPUT").value_or("");
  return mentions_json(words) || variable == "json" || variable == "jsonl";
}

Error advised(const Error& error, const Context& context) {
  const auto connection = context.connection ? context.connection() : Result<const Connection*>{nullptr};
  return connection && *connection != nullptr ? with_advice(error, **connection) : error;
}

int end_with(const Error& error, bool as_json, int failure_exit, const Context& context) {
  context.terminal.out.flush();
  report(error, as_json, context.terminal, context.refused_request ? context.refused_request() : "");
  return failure_exit != 0 ? failure_exit : exit_code(error.code);
}

/// `run` and `runs replay` have exit statuses of their own, whatever is wrong with their command lines.
int failure_exit_of(const Command& root, std::span<const std::string> words) {
  const auto* command = &root;
  for (const auto& word : words) {
    const auto next = std::ranges::find(command->commands, word, &Command::name);
    if (next == command->commands.end()) break;
    command = &*next;
  }
  return command->failure_exit;
}

/// Whether it has changed something, as far as flags tell: it can be done dry, and was not.
bool has_changed_something(const Command& command) {
  const auto flag = std::ranges::find(command.flags, "dry-run", &Flag::name);
  if (flag == command.flags.end()) return false;
  const auto* const* on = std::get_if<bool*>(&flag->binding);
  return on != nullptr && !**on;
}

Error lost_output(const Command& command, const Context& context) {
  const int reason = context.terminal.write_error ? context.terminal.write_error() : 0;
  Error error{ErrorCode::internal, "the output could not be written"};
  if (reason != 0) error.message += ": " + std::generic_category().message(reason);
  if (has_changed_something(command)) {
    error.hint = "only the output is lost, what was to be done is done: look at what is there before you repeat it";
  } else if (reason == 0 || reason == ENOSPC) {
    error.hint = "is the disk full?";
  }
  return error;
}

/// What libraries throw when memory or threads cannot be had ends in order, too: no agent is left behind.
Outcome run_command(const Command& command, Context& context) {
  try {
    return command.run(context);
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal, error.what(), "is this machine out of memory, threads or descriptors?");
  }
}

/// What is said of a command instead of running it; nothing when there is nothing to say.
bool says_help(const Command& root, const Invocation& invocation, const Terminal& terminal) {
  const auto& command = *invocation.command;
  if (&command == &root && !invocation.help) {
    terminal.out << overview_text(root, terminal.colour_out, terminal.width);
  } else if (invocation.help) {
    terminal.out << help_text(command, invocation.path, terminal.colour_out, terminal.width);
  } else {
    return false;
  }
  return true;
}

Outcome perform(const Command& root, const Invocation& invocation, Context& context) {
  auto& terminal = context.terminal;
  if (says_help(root, invocation, terminal)) return 0;
  const auto& command = *invocation.command;
  if (!command.run) {
    terminal.err << help_text(command, invocation.path, terminal.colour_err, terminal.err_width);
    return exit_code(ErrorCode::usage);
  }
  if (const auto set = set_output(invocation, context); !set) return std::unexpected(set.error());
  if (context.choose) context.choose(invocation.context, invocation.trace);
  auto outcome = run_command(command, context);
  if (!outcome) return std::unexpected(advised(outcome.error(), context));
  return outcome;
}

}  // namespace

int execute(const Command& root, std::span<const std::string> given, Context& context) {
  auto& terminal = context.terminal;
  set_colours(terminal, ColourChoice::automatic, context);
  const auto words = without_help_word(given);
  const bool as_json = wants_json_errors(words, context);
  const int failure_exit = failure_exit_of(root, words);
  Invocation invocation;
  invocation.command = &root;
  Outcome outcome = 0;
  if (is_version(given)) {
    terminal.out << "runagents " RUNAGENTS_VERSION "\n";
  } else {
    auto parsed = parse(root, words);
    if (!parsed) return end_with(parsed.error(), as_json, failure_exit, context);
    invocation = std::move(*parsed);
    set_colours(terminal, invocation.colour, context);
    outcome = perform(root, invocation, context);
  }
  if (!outcome) return end_with(outcome.error(), as_json, failure_exit, context);
  terminal.out.flush();
  if (terminal.out || *outcome != 0) return *outcome;
  return end_with(lost_output(*invocation.command, context), as_json, failure_exit, context);
}

}  // namespace runagents::cli
