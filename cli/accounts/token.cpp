#include "cli/accounts/token.hpp"

#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/objects/object_kind.hpp"
#include "cli/output/print.hpp"
#include "cli/secrets/secret_value.hpp"
#include "core/api/http_transport.hpp"
#include "core/auth/base64.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/http/fetch.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::seconds;

std::chrono::sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

Outcome print_token(const api::AgentToken& token, const std::string& format, Context& context) {
  auto& out = context.terminal.out;
  const auto text = token.text.reveal();
  if (format == "header") {
    out << "Authorization: Bearer " << text << '\n';
  } else if (format == "env") {
    // A token has no character that a shell would read (RFC 6750, 2.1).
    out << "RUNAGENTS_TOKEN=" << text << '\n';
    out << "RUNAGENTS_TOKEN_EXPIRES_AT=" << model::to_iso8601(model::Time{token.expires_at}) << '\n';
  } else if (format == "json") {
    const Json json = {{"access_token", text},
                       {"token_type", "Bearer"},
                       {"expires_at", model::to_iso8601(model::Time{token.expires_at})},
                       {"expires_in", std::max<std::int64_t>(0, (token.expires_at - now()).count())}};
    out << json.dump(2) << '\n';
  } else {
    out << text << '\n';
  }
  return 0;
}

Result<Json> part_of(std::string_view part) {
  const auto text = auth::from_base64url(part);
  auto json = text ? Json::parse(*text, nullptr, false) : Json(Json::value_t::discarded);
  if (!json.is_object()) return fail(ErrorCode::usage, "this is no JSON Web Token");
  return json;
}

/// What a person needs to know of a time claim.
std::string time_text(const Json& claims, const char* name, model::Time now) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return {};
  const model::Time time{std::chrono::sys_seconds{seconds{found->get<std::int64_t>()}}};
  return fmt::format("{} ({})", model::to_iso8601(time), output::relative(time, now));
}

std::string claim_text(const Json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return {};
  return found->is_string() ? found->get<std::string>() : api::dump(*found);
}

std::string inspected_text(const Json& header, const Json& claims, std::string_view signature, model::Time now) {
  const auto act = claims.find("act");
  return output::labelled({{"type", claim_text(header, "typ")},
                           {"algorithm", claim_text(header, "alg")},
                           {"key", claim_text(header, "kid")},
                           {"issuer", claim_text(claims, "iss")},
                           {"subject", claim_text(claims, "sub")},
                           {"actor", act == claims.end() ? std::string{} : claim_text(*act, "sub")},
                           {"client", claim_text(claims, "client_id")},
                           {"audience", claim_text(claims, "aud")},
                           {"scope", claim_text(claims, "scope")},
                           {"issued", time_text(claims, "iat", now)},
                           {"expires", time_text(claims, "exp", now)},
                           {"id", claim_text(claims, "jti")},
                           {"signature", std::string{signature}}});
}

/// The keys of the server that commands speak to, never those of whoever the token names.
Result<bool> is_signed_by_server(std::string_view token, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->is_local()) return fail(ErrorCode::configuration, "the store of this machine signs no tokens");
  const auto response = http::fetch({.url = (*connection)->endpoint + "/.well-known/jwks.json",
                                     .fields = {{"Accept", "application/json"}},
                                     .body = {},
                                     .ca_file = (*connection)->ca_file,
                                     .without_proxy = api::is_loopback((*connection)->endpoint)});
  if (!response) return std::unexpected(response.error());
  const auto keys = auth::KeySet::parse(response->body);
  if (response->status != 200 || !keys) return fail(ErrorCode::unavailable, "the server has no key set");
  const auto jws = auth::parse_compact(token);
  if (!jws) return fail(ErrorCode::usage, "the token cannot be verified: " + jws.error());
  return auth::verify_signature(*jws, *keys);
}

/// The client's own credential goes into the form (RFC 6749, 2.3.1).
Result<Json> ask_about(const TokenText& options, const char* path, Context& context) {
  const auto client = agent_client(options.of, context);
  if (!client) return std::unexpected(client.error());
  const auto token = secret_value(options.token, context);
  if (!token) return std::unexpected(token.error());
  const auto secret = secret_value(client->secret, context);
  if (!secret) return std::unexpected(secret.error());
  const auto transport = context.anonymous_transport();
  if (!transport) return std::unexpected(transport.error());
  return api::Client{**transport}.post_form(
      api::Target{path},
      {{"token", token->reveal()}, {"client_id", client->client_id}, {"client_secret", secret->reveal()}});
}

}  // namespace

Outcome print_agent_token(const TokenOptions& options, Context& context) {
  const auto token = agent_token(options.of, context);
  if (!token) return std::unexpected(token.error());
  return print_token(*token, options.format, context);
}

Outcome exchange_tokens(const TokenExchangeOptions& options, Context& context) {
  if (options.of.user_token.empty()) return fail(ErrorCode::usage, "say whose: --user-token REF");
  const auto user = secret_value(options.of.user_token, context);
  if (!user) return std::unexpected(user.error());
  auto own = options.of;
  own.user_token.clear();
  Result<config::Secret> agent = fail(ErrorCode::internal, "");
  if (options.agent_token.empty()) {
    auto token = agent_token(own, context);
    if (!token) return std::unexpected(std::move(token.error()));
    agent = std::move(token->text);
  } else {
    agent = secret_value(options.agent_token, context);
  }
  if (!agent) return std::unexpected(agent.error());
  const auto transport = context.anonymous_transport();
  if (!transport) return std::unexpected(transport.error());
  const auto token = api::exchange_token(
      **transport,
      {.agent_token = *agent, .user_token = *user, .resource = options.of.resource, .rfc_order = options.rfc_order},
      now());
  if (!token) return std::unexpected(token.error());
  return print_token(*token, options.format, context);
}

Outcome inspect_token(const TokenText& options, Context& context) {
  const auto token = secret_value(options.token, context);
  if (!token) return std::unexpected(token.error());
  const auto text = token->reveal();
  const auto first = text.find('.');
  const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return fail(ErrorCode::usage, "this is no JSON Web Token");
  const auto header = part_of(text.substr(0, first));
  if (!header) return std::unexpected(header.error());
  const auto claims = part_of(text.substr(first + 1, second - first - 1));
  if (!claims) return std::unexpected(claims.error());
  std::string signature = "not verified (--verify asks the server for its keys)";
  bool is_bad = false;
  if (options.verify) {
    const auto is_signed = is_signed_by_server(text, context);
    if (!is_signed) return std::unexpected(is_signed.error());
    is_bad = !*is_signed;
    signature = is_bad ? "not the server's" : "the server's";
  }
  Json json = {{"header", *header}, {"claims", *claims}};
  if (options.verify) json["verified"] = !is_bad;
  const output::Card card{.text = inspected_text(*header, *claims, signature, context.now()),
                          .name = claim_text(*claims, "jti"),
                          .json = api::dump(json)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return is_bad ? exit_code(ErrorCode::unauthenticated) : 0;
}

Outcome introspect_token(const TokenText& options, Context& context) {
  const auto answer = ask_about(options, "/oauth/introspect", context);
  if (!answer) return std::unexpected(answer.error());
  const output::Card card{
      .text = members_text(*answer), .name = api::text_of(*answer, "jti"), .json = api::dump(*answer)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return api::is_set(*answer, "active") ? 0 : exit_code(ErrorCode::unauthenticated);
}

Outcome revoke_token(const TokenText& options, Context& context) {
  if (options.dry_run) {
    // What a revocation needs is looked at all the same.
    if (const auto client = agent_client(options.of, context); !client) return std::unexpected(client.error());
    if (const auto token = secret_value(options.token, context); !token) return std::unexpected(token.error());
    return purge_tokens(true, context);
  }
  const auto answer = ask_about(options, "/oauth/revoke", context);
  if (!answer) return std::unexpected(answer.error());
  context.terminal.err << "revoked, or unknown to the server\n";
  // Whichever of the cached ones it was; new ones are a request away.
  return purge_tokens(false, context);
}

Outcome purge_tokens(bool dry_run, Context& context) {
  auto tokens = shared_tokens(context);
  if (!tokens) return std::unexpected(tokens.error());
  if (dry_run) {
    say_dry_run(context);
    return 0;
  }
  if (const auto cleared = tokens->clear(); !cleared) return std::unexpected(cleared.error());
  return 0;
}

}  // namespace runagents::cli
