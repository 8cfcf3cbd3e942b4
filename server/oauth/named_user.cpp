#include "server/oauth/named_user.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/ascii.hpp"
#include "server/oauth/grants.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view user_id_type = "urn:runlayer:token-type:user-id";
constexpr std::string_view user_email_type = "urn:runlayer:token-type:user-email";
constexpr std::array token_types = {access_token_type, std::string_view{"urn:ietf:params:oauth:token-type:jwt"},
                                    std::string_view{"urn:ietf:params:oauth:token-type:id_token"}};

OAuthResult<NamedUser> found(Result<std::optional<model::User>> user) {
  if (!user) return refuse_for_now(user.error());
  return NamedUser{.user = std::move(*user)};
}

std::unexpected<OAuthError> not_accepted(const TypedToken& named) {
  return refuse("invalid_request", "the " + std::string{named.parameter} +
                                       " is not a valid token of this server or of a configured identity provider");
}

}  // namespace

bool is_user_name_type(std::string_view type) noexcept { return type == user_id_type || type == user_email_type; }

bool is_known_token_type(std::string_view type) noexcept {
  return is_user_name_type(type) || std::ranges::find(token_types, type) != token_types.end();
}

OAuthResult<NamedUser> find_token_user(OAuthServices& services, const AccessToken& token) {
  auto named = found(services.users.find_id(token.user_id));
  if (named) named->server_ids = token.server_ids;
  return named;
}

OAuthResult<NamedUser> find_named_user(OAuthServices& services, const TypedToken& named) {
  if (named.type == user_id_type) {
    const auto id = lowered(named.token);
    if (!is_uuid(id)) return refuse("invalid_grant", std::string{named.parameter} + " must be a valid UUID");
    return found(services.users.find_id(id));
  }
  if (named.type == user_email_type) return found(services.users.find_email(named.token));
  if (ApiKeys::looks_like_key(named.token)) {
    return refuse("invalid_request", "API keys are not accepted as the " + std::string{named.parameter});
  }
  if (services.issuer.claims_to_be_ours(named.token)) {
    const auto token = services.issuer.verify(named.token);
    if (!token) {
      if (token.error().code != ErrorCode::unauthenticated) return refuse_for_now(token.error());
      return not_accepted(named);
    }
    if (token->kind != AccessToken::Kind::user) {
      return refuse("invalid_request", "the " + std::string{named.parameter} + " is not a token of a user");
    }
    return find_token_user(services, *token);
  }
  auto identified = services.user_tokens.identify(named.token);
  if (identified) return NamedUser{.user = std::move(identified->user)};
  const auto& error = identified.error();
  if (error.code == ErrorCode::unavailable) return refuse_for_now(error);
  if (error.reason == "unknown_user") return NamedUser{};
  if (error.code != ErrorCode::unauthenticated) return refuse_for_now(error);
  return not_accepted(named);
}

}  // namespace runagents::server
