#include "server/oauth/bearer_tokens.hpp"

#include <algorithm>
#include <utility>

namespace runagents::server {
namespace {

Principal::Kind kind_of(AccessToken::Kind kind) {
  switch (kind) {
    case AccessToken::Kind::account:
      return Principal::Kind::account;
    case AccessToken::Kind::delegated:
      return Principal::Kind::delegated;
    case AccessToken::Kind::user:
      break;
  }
  return Principal::Kind::user;
}

std::unexpected<Error> gone(std::string_view who) {
  return fail(ErrorCode::unauthenticated, "the " + std::string{who} + " of the token is gone", {}, "invalid_token");
}

}  // namespace

Result<Principal> BearerTokens::find(std::string_view token) {
  if (!issuer_.claims_to_be_ours(token)) return find_provider_user(token);
  const auto verified = issuer_.verify(token);
  if (!verified) return std::unexpected(verified.error());
  return find(*verified);
}

Result<Principal> BearerTokens::find(const AccessToken& token) {
  Principal principal{.kind = kind_of(token.kind)};
  principal.credential_id = token.id;
  principal.client_id = token.client_id;
  principal.audiences = token.server_ids;
  if (!token.account_id.empty()) principal.account = AccountFacts{.id = token.account_id, .name = {}};
  if (!token.user_id.empty()) principal.user.emplace().id = token.user_id;
  if (auto live = live_.check(principal); !live) return std::unexpected(std::move(live.error()));
  if (!token.session.empty()) {
    const auto login = logins_.find_live(token.session);
    if (!login) return std::unexpected(login.error());
    if (!*login) return fail(ErrorCode::unauthenticated, "the login is over", "log in again", "invalid_token");
    principal.ends_at = (*login)->ends_at;
  }
  if (principal.account) {
    auto account = accounts_.get(token.account_id);
    if (!account) return gone("agent account");
    principal.account->name = std::move(account->name);
  }
  if (principal.user) {
    const auto user = users_.find_id(token.user_id);
    if (!user) return std::unexpected(user.error());
    if (!*user) return gone("user");
    principal.user = facts_of(**user);
    if (token.kind == AccessToken::Kind::user) principal.role = std::min(token.role, (*user)->role);
  }
  if (token.kind == AccessToken::Kind::delegated) {
    const auto delegation = delegations_.active_for(token.account_id, token.user_id);
    if (!delegation) return std::unexpected(delegation.error());
    if (*delegation) principal.delegation_id = (*delegation)->id;
  }
  return principal;
}

Result<Principal> BearerTokens::find_provider_user(std::string_view token) {
  auto identified = user_tokens_.identify(token);
  if (!identified) return std::unexpected(std::move(identified.error()));
  const auto& user = identified->user;
  Principal principal{.kind = Principal::Kind::user, .role = user.role};
  principal.user = facts_of(user);
  if (auto live = live_.check(principal); !live) return std::unexpected(std::move(live.error()));
  return principal;
}

}  // namespace runagents::server
