#include "cli/mcp/servers.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/secrets/secret_value.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;

Json auth_of(const ServerOptions& options) {
  Json auth = Json::object();
  const auto add = [&auth](const char* member, const std::string& value) {
    if (!value.empty()) auth[member] = value;
  };
  add("header", options.header);
  add("variable", options.variable);
  add("prefix", options.prefix);
  add("issuer", options.issuer);
  add("client_id", options.client_id);
  if (!options.scopes.empty()) auth["scopes"] = options.scopes;
  add("ca_file", options.ca_file);
  return auth;
}

Result<Json> environment_of(const ServerOptions& options) {
  Json environment = Json::object();
  for (const auto& word : options.environment) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::usage, fmt::format("--env: \"{}\" is not NAME=VALUE", word.substr(0, equals)));
    }
    environment[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return environment;
}

Result<Json> body_of(const ServerOptions& options, Context& context) {
  Json body = Json::object();
  if (!options.new_name.empty()) body["name"] = options.new_name;
  if (!options.description.empty()) body["description"] = options.description;
  if (!options.url.empty()) body["url"] = options.url;
  if (!options.command.empty()) {
    body["command"] = options.command;
    body["transport"] = "stdio";
  }
  if (!options.auth_type.empty()) body["auth_type"] = options.auth_type;
  if (auto auth = auth_of(options); !auth.empty()) body["auth"] = std::move(auth);
  auto environment = environment_of(options);
  if (!environment) return environment;
  if (!environment->empty()) body["environment"] = *std::move(environment);
  if (!options.status.empty()) body["status"] = options.status;
  if (options.secret.empty()) return body;
  const auto secret = secret_value(options.secret, context);
  if (!secret) return std::unexpected(secret.error());
  body["secret"] = secret->reveal();
  return body;
}

/// The secret goes to the server and nowhere else.
Json without_secret(Json body) {
  if (body.contains("secret")) body["secret"] = "(hidden)";
  return body;
}

}  // namespace

Outcome create_server(const ServerOptions& options, Context& context) {
  if (options.url.empty() == options.command.empty()) {
    return fail(ErrorCode::usage, "a server is reached at --url URL, or is a command after \"--\"");
  }
  auto body = body_of(options, context);
  if (!body) return std::unexpected(body.error());
  (*body)["name"] = options.name;
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  if (options.dry_run) {
    say_dry_run(context);
    const auto shown = without_secret(*body);
    return print_object(server_kind(), shown, "would be registered\n" + members_text(shown), context);
  }
  const auto server = client->post(Target{server_kind().path}, *body);
  if (!server) return std::unexpected(server.error());
  return print_object(server_kind(), *server, "registered\n" + members_text(*server), context);
}

Outcome update_server(const ServerOptions& options, Context& context) {
  const auto body = body_of(options, context);
  if (!body) return std::unexpected(body.error());
  if (body->empty()) {
    return fail(ErrorCode::usage, "nothing to change", "runagents servers update --help lists what can be");
  }
  return change_object(server_kind(), options.name,
                       {.body = *body, .shown = without_secret(*body), .dry_run = options.dry_run}, context);
}

}  // namespace runagents::cli
