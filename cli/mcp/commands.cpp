#include <iterator>
#include <memory>

#include "cli/groups.hpp"
#include "cli/mcp/mcp.hpp"

namespace runagents::cli {
namespace {

std::vector<Flag> identity_flags(AgentTokenOptions& options, std::vector<Flag> more = {}) {
  auto flags = client_flags(options);
  auto subject = subject_flags(options);
  // The token is for the server that the command names.
  std::erase_if(subject, [](const Flag& flag) { return flag.name == "server" || flag.name == "resource"; });
  std::ranges::move(subject, std::back_inserter(flags));
  std::ranges::move(more, std::back_inserter(flags));
  return flags;
}

Argument server_argument(std::string& target, bool required = true) {
  return {.name = "SERVER",
          .summary = "the MCP server, by name or id",
          .binding = &target,
          .required = required,
          .means = Means::server};
}

Command list_command() {
  auto options = std::make_shared<McpList>();
  return {.name = "list",
          .summary = "list MCP servers, or the tools of one",
          .description = "Tools are those that policies let you call.",
          .examples = {{"runagents mcp list", "the servers"},
                       {"runagents mcp list github --account billing-bot --user ada@example.com",
                        "what an agent account may call for Ada"}},
          .arguments = {server_argument(options->server, false)},
          .flags = identity_flags(options->of),
          .prints_objects = true,
          .run = [options](Context& context) { return list_mcp(*options, context); }};
}

Command call_command() {
  auto options = std::make_shared<McpCall>();
  return {.name = "call",
          .summary = "call a tool of an MCP server",
          .description =
              "Through the control plane, which checks policy and has the credential. --arg NAME=VALUE reads VALUE as "
              "JSON where\nit is some; NAME:=VALUE takes it as a text. Exits with 4 when policy denies it, with 5 when "
              "a session or grant is\nmissing, with 9 when the tool answered with an error.",
          .examples = {{"runagents mcp call github list_issues --arg repo=acme/shop --arg limit=5", "as yourself"},
                       {"runagents mcp call github list_issues --arguments @query.json --account billing-bot",
                        "as an agent account"}},
          .arguments = {server_argument(options->server),
                        {.name = "TOOL", .summary = "the tool's name", .binding = &options->tool}},
          .flags = identity_flags(options->of, {{.name = "arg",
                                                 .value = "NAME=VALUE",
                                                 .summary = "an argument; may be repeated",
                                                 .binding = &options->words},
                                                {.name = "arguments",
                                                 .value = "JSON",
                                                 .summary = "all of them; @FILE reads a file, - standard input",
                                                 .binding = &options->arguments}}),
          .prints_objects = true,
          .run = [options](Context& context) { return call_mcp(*options, context); }};
}

Command bridge_command() {
  auto options = std::make_shared<McpBridge>();
  return {.name = "bridge",
          .summary = "be an MCP server on standard input and output that is one behind the control plane",
          .description =
              "For clients that start MCP servers as commands. Tokens are renewed as they end, and a session that was "
              "forgotten is\nbegun anew. Without flags it is you who calls; with --account, or "
              "RUNAGENTS_AGENT_CLIENT_ID and _SECRET in the\nenvironment and no credential of your own, an agent "
              "account.",
          .examples = {{"runagents mcp bridge github --account billing-bot --user ada@example.com",
                        R"(in a client's file: {"command": "runagents", "args": ["mcp", "bridge", "github"]})"}},
          .arguments = {server_argument(options->server)},
          .flags = identity_flags(options->of),
          .run = [options](Context& context) { return bridge_mcp(*options, context); }};
}

}  // namespace

Command mcp_command() {
  return {.name = "mcp",
          .summary = "MCP servers behind the control plane, called from here",
          .commands = {list_command(), call_command(), bridge_command()}};
}

}  // namespace runagents::cli
