#include "server/oauth/oauth_routes.hpp"

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/auth/percent.hpp"
#include "server/oauth/metadata.hpp"
#include "server/oauth/sign_in.hpp"
#include "server/oauth/token_endpoint.hpp"
#include "server/oauth/token_facts.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

/// For documents that anybody may read, from any page.
Outgoing public_answer(std::string body) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(SigningKeys::publication) / 2;
  return {200,
          std::move(body),
          {{"content-type", "application/json"},
           {"cache-control", "public, max-age=" + std::to_string(seconds.count())},
           {"access-control-allow-origin", "*"}}};
}

Result<Outgoing> key_set(OAuthServices& services) {
  const auto keys = services.keys.list();
  if (!keys) return std::unexpected(keys.error());
  std::string body = R"({"keys":[)";
  for (const auto& key : *keys) {
    if (body.back() != '[') body += ',';
    body += key.jwk;
  }
  return public_answer(body + "]}");
}

Json to_json(const SigningKeyFacts& key) {
  Json json = {{"id", key.id},
               {"algorithm", key.algorithm},
               {"created_at", model::to_iso8601(key.created_at)},
               {"signs_from", model::to_iso8601(key.signs_from)},
               {"retires_at", nullptr}};
  if (key.retires_at) json["retires_at"] = model::to_iso8601(*key.retires_at);
  return json;
}

Result<Outgoing> list_keys(OAuthServices& services) {
  const auto keys = services.keys.list();
  if (!keys) return std::unexpected(keys.error());
  Json list = Json::array();
  for (const auto& key : *keys) list.push_back(to_json(key));
  return json_answer({{"signing_keys", std::move(list)}});
}

Result<Outgoing> rotate(OAuthServices& services, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  std::string algorithm = "ES256";
  bool at_once = false;
  api::Members members{*json};
  members.text("algorithm", algorithm).flag("at_once", at_once);
  if (const Error* error = members.error()) return std::unexpected(*error);
  const auto key = services.keys.rotate(actor_of(request), algorithm, at_once);
  if (!key) return std::unexpected(key.error());
  return json_answer(to_json(*key), 201);
}

}  // namespace

void add_oauth_routes(Router& router, OAuthServices& services) {
  const auto add = [&](const char* method, const char* path, auto answer) -> Router::Route& {
    return router.add(
        method, path, Access::anybody,
        [&services, answer](const Incoming& request) -> Result<Outgoing> { return answer(services, request); },
        QueryReader::handler);
  };
  add("POST", "/oauth/token", answer_token_request).says("issues tokens (RFC 6749, 8693)").form();
  add("POST", "/oauth/introspect", answer_introspection).says("says what a token is good for (RFC 7662)").form();
  add("POST", "/oauth/revoke", answer_revocation).says("revokes a token (RFC 7009)").form();
  add("POST", "/oauth/register", answer_registration).says("registers a client of people's logins (RFC 7591)");
  add("POST", "/oauth/device_authorization", answer_device_authorization)
      .says("begins a login on another device (RFC 8628)")
      .form();
  add("GET", "/oauth/authorize", answer_authorization)
      .says("begins a login in a browser (RFC 6749, section 4.1; RFC 7636)");
  add("GET", "/oauth/device", answer_device_page).says("the page on which the code of a device is typed in");
  add("POST", "/oauth/sign-in", answer_sign_in).says("signs in on a page of this server").form();
  add("POST", "/oauth/decision", answer_decision).says("allows or refuses what a login asks for").form();
  router.add("GET", "/signing-keys", Access::admin, [&](const Incoming&) { return list_keys(services); })
      .says("lists the keys that sign tokens");
  router
      .add("POST", "/signing-keys/rotate", Access::admin,
           [&](const Incoming& request) { return rotate(services, request); })
      .says("makes a new key that signs tokens");
}

void add_well_known_routes(Router& site, OAuthServices& services) {
  site.add("GET", "/.well-known/jwks.json", Access::anybody, [&](const Incoming&) { return key_set(services); })
      .says("the keys that verify this server's tokens (RFC 7517)");
  site.add("GET", "/.well-known/oauth-authorization-server", Access::anybody,
           [&](const Incoming&) -> Result<Outgoing> {
             return public_answer(authorization_server_metadata(services.issuer.issuer()));
           })
      .says("what the authorization server can do (RFC 8414)");
  site.add("GET", "/.well-known/oauth-protected-resource", Access::anybody,
           [&](const Incoming&) -> Result<Outgoing> {
             return public_answer(protected_resource_metadata(services.issuer.issuer(), services.issuer.issuer()));
           })
      .says("whose tokens are taken (RFC 9728)");
  // The same for every name: who asks is nobody, and is not told which servers there are.
  site.add("GET", "/.well-known/oauth-protected-resource/api/v1/proxy/{}/mcp", Access::anybody,
           [&](const Incoming& request) -> Result<Outgoing> {
             const auto resource = services.issuer.resource(auth::percent_encoded(request.parameter(0)));
             return public_answer(protected_resource_metadata(services.issuer.issuer(), resource));
           })
      .says("whose tokens an MCP server's endpoint takes (RFC 9728)");
}

}  // namespace runagents::server
