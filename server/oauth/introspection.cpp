#include <nlohmann/json.hpp>

#include "server/oauth/grants.hpp"
#include "server/oauth/token_endpoint.hpp"
#include "server/oauth/token_facts.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

/// Unknown, over, or none of the caller's business: there is one answer.
Outgoing inactive() { return private_answer(R"({"active":false})"); }

bool may_ask(const TokenCaller& caller, const std::string& user_id, const std::string& client_id) {
  if (!caller.person) return caller.client_id == client_id;
  if (caller.person->may(Role::developer)) return true;
  if (caller.person->kind == Principal::Kind::user) return caller.person->user_id() == user_id;
  return caller.client_id == client_id;
}

Json audience(const AccessToken& token, const TokenIssuer& issuer) {
  if (token.server_ids.empty()) return issuer.issuer();
  Json urls = Json::array();
  for (const auto& id : token.server_ids) urls.push_back(issuer.resource(id));
  return urls;
}

Outgoing describe(OAuthServices& services, const AccessToken& token, const Principal& principal) {
  Json body = {{"active", true},
               {"token_type", "Bearer"},
               {"client_id", token.client_id},
               {"sub", token.kind == AccessToken::Kind::account ? token.account_id : token.user_id},
               {"aud", audience(token, services.issuer)},
               {"iss", services.issuer.issuer()},
               {"exp", token.expires_at.time_since_epoch().count()},
               {"iat", token.issued_at.time_since_epoch().count()},
               {"jti", token.id}};
  if (principal.user) body["username"] = principal.user->email;
  if (token.kind == AccessToken::Kind::delegated) body["act"] = {{"sub", token.account_id}};
  return private_answer(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

OAuthResult<Outgoing> answer_access_token(OAuthServices& services, const TokenCaller& caller, const std::string& text) {
  const auto token = services.issuer.verify(text);
  if (!token) {
    if (token.error().code != ErrorCode::unauthenticated) return refuse_for_now(token.error());
    return inactive();
  }
  if (!may_ask(caller, token->user_id, token->client_id)) return inactive();
  const auto principal = services.bearer.find(*token);
  if (principal) return describe(services, *token, *principal);
  const auto code = principal.error().code;
  if (code == ErrorCode::unauthenticated || code == ErrorCode::forbidden) return inactive();
  return refuse_for_now(principal.error());
}

OAuthResult<Outgoing> answer_refresh_token(OAuthServices& services, const TokenCaller& caller,
                                           const std::string& text) {
  const auto login = services.logins.find(text);
  if (!login) return refuse_for_now(login.error());
  if (!*login || !may_ask(caller, (*login)->user_id, (*login)->client_id)) return inactive();
  const auto user = services.users.find_id((*login)->user_id);
  if (!user) return refuse_for_now(user.error());
  const auto live = services.logins.find_live((*login)->family);
  if (!live) return refuse_for_now(live.error());
  if (!*user || !(*user)->is_active || !*live) return inactive();
  const Json body = {{"active", true},
                     {"client_id", (*login)->client_id},
                     {"sub", (*login)->user_id},
                     {"username", (*user)->email},
                     {"iss", services.issuer.issuer()}};
  return private_answer(body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

OAuthResult<Outgoing> answer(OAuthServices& services, const Incoming& request) {
  const auto form = read_form(request);
  if (!form) return std::unexpected(form.error());
  const auto caller = read_caller(services, request, *form);
  if (!caller) return std::unexpected(caller.error());
  // RFC 7662, section 2.1: whoever only says who they are could go through tokens.
  if (!caller->is_authenticated) return refuse_client("the client has to authenticate", false);
  const auto& text = form->value("token");
  if (text.empty()) return refuse("invalid_request", "token is missing");
  if (services.issuer.claims_to_be_ours(text)) return answer_access_token(services, *caller, text);
  return answer_refresh_token(services, *caller, text);
}

}  // namespace

Outgoing answer_introspection(OAuthServices& services, const Incoming& request) {
  auto answered = answer(services, request);
  return answered ? *std::move(answered) : error_answer(answered.error());
}

}  // namespace runagents::server
