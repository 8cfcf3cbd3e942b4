#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <ostream>
#include <unistd.h>

#include "cli/groups.hpp"
#include "cli/run/agent_identity.hpp"

namespace runagents::cli {
namespace {

struct ExecOptions {
  AgentTokenOptions of = {};
  std::string variable = "RUNAGENTS_TOKEN";
  std::vector<std::string> command = {};
};

constexpr int cannot_execute = 126;
constexpr int not_found = 127;

/// What got the token is not handed on with it: the command could make tokens of its own for ever.
constexpr std::array removed = {"RUNAGENTS_AGENT_CLIENT_SECRET", "RUNLAYER_AGENT_CLIENT_SECRET", "RUNAGENTS_API_KEY",
                                "RUNLAYER_API_KEY", "RUNLAYER_AGENT_SUBJECT_TOKEN"};

Outcome execute_with_token(const ExecOptions& options, Context& context) {
  const auto token = agent_token(options.of, context);
  if (!token) return std::unexpected(token.error());
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  for (const auto* name : removed) ::unsetenv(name);
  ::setenv(options.variable.c_str(), std::string{token->text.reveal()}.c_str(), 1);
  ::setenv("RUNAGENTS_TOKEN_EXPIRES_AT", model::to_iso8601(model::Time{token->expires_at}).c_str(), 1);
  ::setenv("RUNAGENTS_ENDPOINT", (*connection)->endpoint.c_str(), 1);
  std::vector<std::string> words = options.command;
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  context.terminal.err.flush();
  ::execvp(arguments.front(), arguments.data());
  const int number = errno;
  context.terminal.err << fmt::format("runagents: {} cannot be executed: {}\n", options.command.front(),
                                      std::strerror(number));
  return number == ENOENT ? not_found : cannot_execute;
}

}  // namespace

Command exec_command() {
  auto options = std::make_shared<ExecOptions>();
  auto flags = client_flags(options->of);
  for (auto& flag : subject_flags(options->of)) flags.push_back(std::move(flag));
  flags.push_back({.name = "variable",
                   .value = "NAME",
                   .summary = "the variable that gets the token",
                   .binding = &options->variable,
                   .choices = {},
                   .default_text = "RUNAGENTS_TOKEN"});
  return {.name = "exec",
          .summary = "execute a command with a fresh token of an agent account in its environment",
          .description =
              "There is no fence: the command has the token and the network. It gets RUNAGENTS_TOKEN, "
              "RUNAGENTS_TOKEN_EXPIRES_AT and\nRUNAGENTS_ENDPOINT, and neither the client's secret nor an API key. The "
              "exit "
              "status is its own; 126 and 127 when it cannot be\nexecuted.",
          .examples = {{"runagents exec --account billing-bot --user ada@example.com -- python3 job.py",
                        "on behalf of Ada"}},
          .arguments = {{.name = "CMD",
                         .summary = "the command and its arguments",
                         .binding = &options->command,
                         .is_command = true}},
          .flags = std::move(flags),
          .run = [options](Context& context) { return execute_with_token(*options, context); }};
}

}  // namespace runagents::cli
