#include "cli/program.hpp"

#include <ostream>

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

void set_colours(Terminal& terminal, ColourChoice choice, const Context& context) {
  const bool refused = !context.environment("NO_COLOR").value_or("").empty() || context.environment("TERM") == "dumb";
  const auto wanted = [&](bool is_terminal) {
    if (choice == ColourChoice::automatic) return is_terminal && !refused;
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
  report(error, as_json, context.terminal.colour_err, context.terminal.err);
  return failure_exit != 0 ? failure_exit : exit_code(error.code);
}

/// `run` has exit statuses of its own, whatever is wrong with its command line.
int failure_exit_of(const Command& root, std::span<const std::string> words) {
  for (const auto& command : root.commands) {
    if (!words.empty() && command.name == words.front()) return command.failure_exit;
  }
  return 0;
}

}  // namespace

int execute(const Command& root, std::span<const std::string> given, Context& context) {
  auto& terminal = context.terminal;
  if (is_version(given)) {
    terminal.out << "runagents " RUNAGENTS_VERSION "\n";
    return 0;
  }
  const auto words = without_help_word(given);
  set_colours(terminal, ColourChoice::automatic, context);
  const bool as_json = wants_json_errors(words, context);
  const int failure_exit = failure_exit_of(root, words);
  const auto invocation = parse(root, words);
  if (!invocation) return end_with(invocation.error(), as_json, failure_exit, context);
  set_colours(terminal, invocation->colour, context);
  const auto& command = *invocation->command;
  if (&command == &root) {
    terminal.out << (invocation->help ? help_text(root, root.name, terminal.colour_out)
                                      : overview_text(root, terminal.colour_out));
    return 0;
  }
  if (invocation->help) {
    terminal.out << help_text(command, invocation->path, terminal.colour_out);
    return 0;
  }
  if (!command.run) {
    terminal.err << help_text(command, invocation->path, terminal.colour_err);
    return exit_code(ErrorCode::usage);
  }
  if (const auto set = set_output(*invocation, context); !set) {
    return end_with(set.error(), as_json, failure_exit, context);
  }
  if (context.choose) context.choose(invocation->context, invocation->trace);
  const auto outcome = command.run(context);
  if (!outcome) return end_with(advised(outcome.error(), context), as_json, command.failure_exit, context);
  terminal.out.flush();
  if (!terminal.out && *outcome == 0) {
    return end_with(Error{ErrorCode::internal, "the output could not be written", "is the disk full?"}, as_json,
                    command.failure_exit, context);
  }
  return *outcome;
}

}  // namespace runagents::cli
