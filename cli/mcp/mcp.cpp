#include "cli/mcp/mcp.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/print.hpp"
#include "cli/tools/tool_arguments.hpp"
#include "core/auth/key_ring.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;

bool names_account(const AgentTokenOptions& options) {
  return !options.account.empty() || !options.client_id.empty() || !options.client_secret.empty() ||
         !options.user.empty() || !options.user_token.empty();
}

/// A client with the credential with which MCP servers are called.
struct Caller {
  std::unique_ptr<api::Transport> transport;
  api::Client client{*transport};
};

Result<Caller> open_caller(const AgentTokenOptions& options, Context& context) {
  auto credential = mcp_credential(options, context);
  if (!credential) return std::unexpected(std::move(credential.error()));
  auto transport = context.transport_as(std::move(*credential));
  if (!transport) return std::unexpected(std::move(transport.error()));
  return Caller{std::move(*transport)};
}

Target tools_of(const std::string& server) { return Target{"/proxy"}.segment(server).segment("tools"); }

const ObjectKind& mcp_tool_kind() {
  static const ObjectKind kind{
      .what = "tool",
      .path = "/proxy",
      .columns = {{"NAME", "name"}, {.title = "DESCRIPTION", .member = "description", .shrinks = true}},
      .names = {"name"},
      .when_empty = "no tools that you may call"};
  return kind;
}

/// An unknown server, with the nearest one among those that are shown.
Error explained(Error error, const std::string& server, api::Client& client) {
  if (error.code != ErrorCode::not_found || is_uuid(server)) return error;
  const auto servers = client.list(Target{server_kind().path});
  if (!servers) return error;
  std::vector<std::string> names;
  for (const auto& one : *servers) names.push_back(name_of(server_kind(), one));
  if (auto hint = did_you_mean(server, names); !hint.empty()) error.hint = std::move(hint);
  return error;
}

}  // namespace

Result<api::RequestCredential> mcp_credential(const AgentTokenOptions& options, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->is_local()) {
    return fail(ErrorCode::configuration, "the store of this machine proxies no MCP servers",
                "runagents server starts a control plane that does; runagents context add points here to it");
  }
  const bool has_own = (*connection)->credential || (*connection)->session;
  if (!names_account(options) && (has_own || !agent_client(options, context))) {
    return api::RequestCredential{context.credential};
  }
  return [&options, &context](std::string_view refused) -> Result<config::Secret> {
    auto token = agent_token(options, context, refused);
    if (!token) return std::unexpected(std::move(token.error()));
    return std::move(token->text);
  };
}

Outcome list_mcp(const McpList& options, Context& context) {
  auto caller = open_caller(options.of, context);
  if (!caller) return std::unexpected(caller.error());
  if (options.server.empty()) {
    const auto servers = caller->client.list(Target{server_kind().path});
    if (!servers) return std::unexpected(servers.error());
    return print_objects(server_kind(), *servers, context);
  }
  const auto tools = caller->client.get(tools_of(options.server));
  if (!tools) return std::unexpected(explained(tools.error(), options.server, caller->client));
  if (!tools->is_array()) return fail(ErrorCode::unavailable, "the control plane's answer is no list of tools");
  return print_objects(mcp_tool_kind(), *tools, context);
}

Outcome call_mcp(const McpCall& options, Context& context) {
  const auto arguments = tool_arguments(options.arguments, options.words, context);
  if (!arguments) return std::unexpected(arguments.error());
  auto caller = open_caller(options.of, context);
  if (!caller) return std::unexpected(caller.error());
  const Json body = {{"tool_name", options.tool}, {"arguments", *arguments}};
  const auto result = caller->client.post_once(tools_of(options.server), body);
  if (!result) return std::unexpected(explained(result.error(), options.server, caller->client));
  const auto text = tool_result_text(*result);
  const auto& terminal = context.terminal;
  const output::Card card{.text = terminal.out_is_terminal ? output::printable_lines(text, "") : text,
                          .name = options.tool,
                          .json = api::dump(*result),
                          .is_quoted = true};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  if (!api::is_set(*result, "isError")) return 0;
  context.terminal.err << "the tool answered with an error\n";
  return exit_code(ErrorCode::bad_outcome);
}

}  // namespace runagents::cli
