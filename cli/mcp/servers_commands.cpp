#include <memory>

#include "cli/groups.hpp"
#include "cli/mcp/servers.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

Argument name_argument(std::string& target) {
  return {.name = "NAME", .summary = "the server, by name or id", .binding = &target, .means = Means::server};
}

std::vector<Flag> server_flags(ServerOptions& options) {
  return {{.name = "description", .value = "TEXT", .summary = "what it is for", .binding = &options.description},
          {.name = "url", .value = "URL", .summary = "its MCP endpoint", .binding = &options.url},
          {.name = "auth",
           .value = "TYPE",
           .summary = "what it asks for",
           .binding = &options.auth_type,
           .choices = {"none", "api_key", "oauth"}},
          {.name = "header",
           .value = "NAME",
           .summary = "api_key: the header field that carries the key",
           .binding = &options.header},
          {.name = "variable",
           .value = "NAME",
           .summary = "api_key of a command: the variable that carries the key",
           .binding = &options.variable},
          {.name = "prefix", .value = "TEXT", .summary = "api_key: what stands before it", .binding = &options.prefix},
          {.name = "issuer", .value = "URL", .summary = "oauth: its authorization server", .binding = &options.issuer},
          {.name = "client-id",
           .value = "ID",
           .summary = "oauth: of a client that is registered there; its secret is --secret",
           .binding = &options.client_id},
          {.name = "scope", .value = "SCOPE", .summary = "oauth; may be repeated", .binding = &options.scopes},
          {.name = "ca-file",
           .value = "FILE",
           .summary = "PEM bundle to trust there, on the machine of the control plane",
           .binding = &options.ca_file,
           .means = Means::file},
          {.name = "env",
           .value = "NAME=VALUE",
           .summary = "of a command's environment; may be repeated",
           .binding = &options.environment},
          {.name = "secret",
           .value = "REF",
           .summary = "where its API key or client secret is found; - for standard input",
           .binding = &options.secret},
          {.name = "status",
           .value = "STATUS",
           .summary = "whether it can be called",
           .binding = &options.status,
           .choices = {"active", "disabled", "draft"}},
          dry_run_flag(options.dry_run)};
}

Command create_command() {
  auto options = std::make_shared<ServerOptions>();
  return {.name = "create",
          .summary = "register an MCP server",
          .description =
              "It is reached over Streamable HTTP, or is a command that the control plane starts. Which part of auth "
              "a flag sets depends\non --auth; flags that its type does not know are refused.",
          .examples =
              {{"runagents servers create github --url https://mcp.example.com/github/mcp --auth oauth",
                "each user connects"},
               {"runagents servers create search --url https://mcp.example.com/mcp --auth api_key --header X-API-Key "
                "--secret env:SEARCH_KEY",
                "one key for everybody"},
               {"runagents servers create files --env ROOT=/srv/data -- mcp-files --read-only", "a command"}},
          .arguments = {{.name = "NAME", .summary = "what it is called", .binding = &options->name},
                        {.name = "CMD",
                         .summary = "the command and its arguments",
                         .binding = &options->command,
                         .required = false,
                         .is_command = true}},
          .flags = server_flags(*options),
          .prints_objects = true,
          .run = [options](Context& context) { return create_server(*options, context); }};
}

Command update_command() {
  auto options = std::make_shared<ServerOptions>();
  auto flags = server_flags(*options);
  flags.insert(flags.begin(),
               {.name = "name", .value = "NAME", .summary = "another name", .binding = &options->new_name});
  return {.name = "update",
          .summary = "change an MCP server",
          .description = "What is not named stays.",
          .examples = {{"runagents servers update github --status disabled", "no calls until it is active again"}},
          .arguments = {name_argument(options->name)},
          .flags = std::move(flags),
          .prints_objects = true,
          .run = [options](Context& context) { return update_server(*options, context); }};
}

}  // namespace

Command servers_command() {
  const auto& kind = server_kind();
  return {.name = "servers",
          .summary = "MCP servers that agent accounts call through the control plane",
          .commands = {
              list_objects_command(kind, "list MCP servers", {}, {{"runagents servers list", "all that you may see"}}),
              get_object_command(kind, "show an MCP server", {{"runagents servers get github", "by name, or by id"}}),
              create_command(), update_command(),
              act_on_objects_command(kind,
                                     {.verb = "delete",
                                      .done = "deleted",
                                      .summary = "delete MCP servers",
                                      .asks = true,
                                      .question_end = ", with everybody's sessions and grants on it"},
                                     {{"runagents servers delete github --yes", "cannot be undone"}}),
              server_connect_command(), server_session_command()}};
}

}  // namespace runagents::cli
