#include "server/oauth/user_tokens.hpp"

#include <optional>
#include <utility>

#include "core/ascii.hpp"

namespace runagents::server {
namespace {

Result<std::vector<model::IdentityProvider>> all(IdentityProviders& providers) {
  auto stored = providers.list();
  if (!stored) return std::unexpected(std::move(stored.error()));
  std::vector<model::IdentityProvider> found;
  for (auto& one : *stored) found.push_back(std::move(one.provider));
  return found;
}

/// An address that the provider does not vouch for is for who signs up there to choose; auth::check_claims has seen to
/// that for the claim "email".
Result<std::optional<model::User>> find(Users& users, const std::string& claim) {
  if (claim.contains('@')) return users.find_email(claim);
  return users.find_id(lowered(claim));
}

}  // namespace

Result<TokenUser> UserTokens::identify(std::string_view token) {
  const auto version = providers_.version();
  if (!version) return std::unexpected(version.error());
  const auto judged = keys_->judge(token, *version, [&] { return all(providers_); });
  if (!judged) return std::unexpected(judged.error());
  if (!*judged) {
    const auto& refusal = judged->error();
    if (refusal.code == model::RefusalCode::keys_unavailable) return fail(ErrorCode::unavailable, refusal.message);
    return fail(ErrorCode::unauthenticated, refusal.message, "get a new token", "invalid_token");
  }
  const auto& verified = **judged;
  auto user = find(users_, verified.user);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!*user) {
    return fail(ErrorCode::unauthenticated, "the token's user is not known here",
                "an administrator can add them: runagents users create", "unknown_user");
  }
  return TokenUser{.user = std::move(**user), .provider = verified.provider, .expires_at = verified.expires_at};
}

}  // namespace runagents::server
