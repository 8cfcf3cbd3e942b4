#include "cli/run/agent_identity.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/objects/kinds.hpp"
#include "cli/secrets/secret_value.hpp"
#include "core/api/http_transport.hpp"

namespace runagents::cli {
namespace {

using model::SecretReference;
using std::chrono::seconds;

std::chrono::sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

std::string id_name(const std::string& account) { return "account." + account + ".id"; }
std::string secret_name(const std::string& account) { return "account." + account + ".secret"; }

Result<AgentClient> stored_client(const std::string& account, Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto id = (*plane)->reveal_secret(id_name(account));
  if (!id) {
    return fail(ErrorCode::configuration, fmt::format("the secret of \"{}\" is not in the encrypted store", account),
                fmt::format("runagents accounts remember {} --client-id ID --client-secret -", account));
  }
  return AgentClient{std::string{id->reveal()}, {SecretReference::Kind::store, secret_name(account)}};
}

/// The first of these variables that is set.
std::string first_set(std::initializer_list<const char*> names, const Context& context) {
  for (const auto* name : names) {
    if (!context.environment(name).value_or("").empty()) return name;
  }
  return {};
}

Result<std::string> resource_of(const AgentTokenOptions& options, const Connection& connection, Context& context) {
  if (options.server.empty()) return options.resource;
  if (!options.resource.empty()) return fail(ErrorCode::usage, "--server and --resource are two answers");
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto id = id_of(server_kind(), options.server, *client);
  if (!id) return std::unexpected(id.error());
  return fmt::format("{}{}/proxy/{}/mcp", connection.endpoint, api::base_path, *id);
}

}  // namespace

Result<AgentClient> agent_client(const AgentTokenOptions& options, Context& context) {
  if (!options.account.empty()) {
    if (options.client_id.empty() && options.client_secret.empty()) return stored_client(options.account, context);
    return fail(ErrorCode::usage, "--account and --client-id are two answers");
  }
  AgentClient client;
  client.client_id = options.client_id;
  if (client.client_id.empty()) {
    const auto name = first_set({"RUNAGENTS_AGENT_CLIENT_ID", "RUNLAYER_AGENT_CLIENT_ID"}, context);
    if (!name.empty()) client.client_id = *context.environment(name);
  }
  if (options.client_secret.empty()) {
    client.secret.value = first_set({"RUNAGENTS_AGENT_CLIENT_SECRET", "RUNLAYER_AGENT_CLIENT_SECRET"}, context);
  } else {
    auto reference = config::parse_secret_reference(options.client_secret);
    if (!reference) {
      return fail(ErrorCode::usage, "--client-secret " + reference.error().message, reference.error().hint);
    }
    client.secret = std::move(*reference);
  }
  if (!client.client_id.empty() && !client.secret.value.empty()) return client;
  return fail(ErrorCode::configuration, "no agent account is named",
              "--account NAME, or RUNAGENTS_AGENT_CLIENT_ID and RUNAGENTS_AGENT_CLIENT_SECRET");
}

Result<api::AgentTokenRequest> agent_token_request(const AgentTokenOptions& options, const AgentClient& client,
                                                   Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->is_local()) {
    return fail(ErrorCode::configuration, "the store of this machine issues no tokens",
                "runagents server starts a control plane that does; runagents context add points here to it");
  }
  auto resource = resource_of(options, **connection, context);
  if (!resource) return std::unexpected(std::move(resource.error()));
  api::AgentTokenRequest request{
      .issuer = (*connection)->endpoint, .client_id = client.client_id, .resource = std::move(*resource)};
  if (!options.user_token.empty()) {
    if (!options.user.empty()) return fail(ErrorCode::usage, "--user and --user-token are two answers");
    const auto token = secret_value(options.user_token, context);
    if (!token) return std::unexpected(token.error());
    request.subject = token->reveal();
    request.subject_type = api::access_token_type;
  } else if (!options.user.empty()) {
    request.subject = options.user;
    request.subject_type = api::subject_type_of({}, options.user);
  }
  return request;
}

Result<api::SharedTokens> shared_tokens(Context& context) {
  const auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  if (auto made = config::make_private_directory(directories->data); !made) return std::unexpected(made.error());
  auto sealer = auth::open_sealer(directories->data);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  return api::SharedTokens{directories->cache, std::move(*sealer)};
}

Result<api::AgentToken> agent_token(const AgentTokenOptions& options, Context& context, std::string_view refused) {
  const auto client = agent_client(options, context);
  if (!client) return std::unexpected(client.error());
  const auto request = agent_token_request(options, *client, context);
  if (!request) return std::unexpected(request.error());
  const auto mint = [&]() -> Result<api::AgentToken> {
    const auto secret = secret_value(client->secret, context);
    if (!secret) return std::unexpected(secret.error());
    const auto transport = context.anonymous_transport();
    if (!transport) return std::unexpected(transport.error());
    return api::request_agent_token(**transport, *request, *secret, now());
  };
  if (options.no_cache) return mint();
  auto tokens = shared_tokens(context);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return tokens->get(*request, {.at_least = options.min_ttl, .refused = refused}, mint);
}

Result<void> remember_account(const std::string& name, const std::string& client_id, const config::Secret& secret,
                              Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  // The secret first: an id without its secret would be worse than none.
  const auto stored = (*plane)->put_secret(secret_name(name), secret);
  if (!stored) return std::unexpected(stored.error());
  const auto id = (*plane)->put_secret(id_name(name), config::Secret{client_id});
  if (!id) return std::unexpected(id.error());
  return {};
}

std::vector<Flag> client_flags(AgentTokenOptions& options) {
  return {{.name = "account",
           .value = "NAME",
           .summary = "an agent account whose secret is in the encrypted store",
           .binding = &options.account,
           .means = Means::account},
          {.name = "client-id",
           .value = "ID",
           .summary = "of the agent account",
           .binding = &options.client_id,
           .choices = {},
           .default_text = "RUNAGENTS_AGENT_CLIENT_ID"},
          {.name = "client-secret",
           .value = "REF",
           .summary = "where its secret is found",
           .binding = &options.client_secret,
           .choices = {},
           .default_text = "env:RUNAGENTS_AGENT_CLIENT_SECRET"}};
}

std::vector<Flag> subject_flags(AgentTokenOptions& options) {
  return {{.name = "user",
           .value = "USER",
           .summary = "for this user: id or e-mail address",
           .binding = &options.user,
           .means = Means::user},
          {.name = "user-token",
           .value = "REF",
           .summary = "for the user whose own token is found there; - for standard input",
           .binding = &options.user_token},
          {.name = "server",
           .value = "NAME",
           .summary = "good for this MCP server only",
           .binding = &options.server,
           .means = Means::server},
          {.name = "resource", .value = "URL", .summary = "good for this resource only", .binding = &options.resource},
          switch_flag("no-cache", "ask for a new one, and keep it to yourself", options.no_cache),
          {.name = "min-ttl",
           .value = "TIME",
           .summary = "it lives for so long, or is a new one",
           .binding = &options.min_ttl}};
}

}  // namespace runagents::cli
