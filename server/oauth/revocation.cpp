#include "server/oauth/token_endpoint.hpp"
#include "server/oauth/token_facts.hpp"

namespace runagents::server {
namespace {

/// A token that is no good any more is as good as revoked (RFC 7009, section 2.2).
Outgoing done() { return private_answer("{}"); }

bool may_revoke(const TokenCaller& caller, const std::string& user_id, const std::string& client_id) {
  if (caller.person && caller.person->may(Role::admin)) return true;
  if (caller.person && caller.person->kind == Principal::Kind::user) return caller.person->user_id() == user_id;
  return caller.client_id == client_id;
}

std::unexpected<OAuthError> not_yours() {
  return refuse("unauthorized_client", "the token was issued to another client");
}

OAuthResult<Outgoing> revoke_access_token(OAuthServices& services, const TokenCaller& caller, const std::string& text) {
  const auto token = services.issuer.verify(text);
  if (!token) {
    if (token.error().code != ErrorCode::unauthenticated) return refuse_for_now(token.error());
    return done();
  }
  if (!may_revoke(caller, token->user_id, token->client_id)) return not_yours();
  if (auto revoked = services.issuer.revoke(*token); !revoked) return refuse_for_now(revoked.error());
  return done();
}

OAuthResult<Outgoing> revoke_refresh_token(OAuthServices& services, const TokenCaller& caller,
                                           const std::string& text) {
  const auto login = services.logins.find(text);
  if (!login) return refuse_for_now(login.error());
  if (!*login) return done();
  if (!may_revoke(caller, (*login)->user_id, (*login)->client_id)) return not_yours();
  if (auto ended = services.logins.end((*login)->family); !ended) return refuse_for_now(ended.error());
  return done();
}

OAuthResult<Outgoing> answer(OAuthServices& services, const Incoming& request) {
  const auto form = read_form(request);
  if (!form) return std::unexpected(form.error());
  const auto caller = read_caller(services, request, *form);
  if (!caller) return std::unexpected(caller.error());
  const auto& text = form->value("token");
  if (text.empty()) return refuse("invalid_request", "token is missing");
  if (services.issuer.claims_to_be_ours(text)) return revoke_access_token(services, *caller, text);
  return revoke_refresh_token(services, *caller, text);
}

}  // namespace

Outgoing answer_revocation(OAuthServices& services, const Incoming& request) {
  auto answered = answer(services, request);
  return answered ? *std::move(answered) : error_answer(answered.error());
}

}  // namespace runagents::server
