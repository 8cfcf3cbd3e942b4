#include <memory>

#include "cli/groups.hpp"
#include "cli/mcp/server_sessions.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

Argument name_argument(ServerSession& options) {
  return {.name = "NAME", .summary = "the server, by name or id", .binding = &options.name, .means = Means::server};
}

Flag user_flag(ServerSession& options) {
  return {.name = "user",
          .value = "USER",
          .summary = "whose session; administrators only",
          .binding = &options.user,
          .choices = {},
          .default_text = "yours",
          .means = Means::user};
}

Command get_command() {
  auto options = std::make_shared<ServerSession>();
  return {.name = "get",
          .summary = "show a session, without its tokens",
          .examples = {{"runagents servers session get github", "whether it lives"}},
          .arguments = {name_argument(*options)},
          .flags = {user_flag(*options)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_session(*options, context); }};
}

Command set_command() {
  auto options = std::make_shared<ServerSession>();
  return {
      .name = "set",
      .summary = "hand over tokens that come from elsewhere",
      .description = "For tests, and for moving to another control plane; otherwise: runagents servers connect.",
      .examples = {{"runagents servers session set github --token env:GITHUB_TOKEN --expires 8h", "from a variable"}},
      .arguments = {name_argument(*options)},
      .flags = {{.name = "token",
                 .value = "REF",
                 .summary = "where the access token is found; - for standard input",
                 .binding = &options->token},
                {.name = "refresh-token",
                 .value = "REF",
                 .summary = "where the refresh token is found",
                 .binding = &options->refresh_token},
                {.name = "expires",
                 .value = "TIME",
                 .summary = "how long the access token lives",
                 .binding = &options->expires_in},
                user_flag(*options),
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return set_session(*options, context); }};
}

Command revoke_command() {
  auto options = std::make_shared<ServerSession>();
  return {.name = "revoke",
          .summary = "end a session",
          .examples = {{"runagents servers session revoke github --yes", "calls by its grants fail from then on"}},
          .arguments = {name_argument(*options)},
          .flags = {user_flag(*options), yes_flag(options->yes), dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return revoke_session(*options, context); }};
}

}  // namespace

Command server_connect_command() {
  auto options = std::make_shared<ServerConnect>();
  return {.name = "connect",
          .summary = "give the control plane a session of yours on an OAuth server",
          .description =
              "Prints the address at which you consent, and waits until you have. Agent accounts use the session only "
              "after\nrunagents grants create.",
          .examples = {{"runagents servers connect github", "then: runagents grants create billing-bot github"}},
          .arguments = {{.name = "NAME",
                         .summary = "the server, by name or id",
                         .binding = &options->name,
                         .means = Means::server}},
          .flags = {switch_flag("no-browser", "print the address only", options->no_browser),
                    {.name = "timeout",
                     .value = "TIME",
                     .summary = "how long to wait",
                     .binding = &options->timeout,
                     .default_text = "5m"},
                    switch_flag("dry-run", "show the session that is there, and ask for none", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return connect_server(*options, context); }};
}

Command server_session_command() {
  return {.name = "session",
          .summary = "your OAuth session on an MCP server",
          .commands = {get_command(), set_command(), revoke_command()}};
}

}  // namespace runagents::cli
