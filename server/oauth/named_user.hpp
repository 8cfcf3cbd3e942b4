#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/user.hpp"
#include "server/oauth/oauth_result.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// Whether a text is one of the types that name a user or carry a token (RFC 8693, section 3, and the published ones).
[[nodiscard]] bool is_known_token_type(std::string_view type) noexcept;
[[nodiscard]] bool is_user_name_type(std::string_view type) noexcept;

/// The user whom a parameter of the token endpoint names.
struct NamedUser {
  std::optional<model::User> user;           ///< nothing: there is none; the answer does not say so
  std::vector<std::string> server_ids = {};  ///< what the user's token is for; empty: everything
};

/// A parameter with its type: "actor_token" and "actor_token_type".
struct TypedToken {
  std::string_view parameter;
  std::string token;
  std::string type;
};

/// Looks the user up by id, by e-mail address, or by a token: one of ours, or of an identity provider.
[[nodiscard]] OAuthResult<NamedUser> find_named_user(OAuthServices& services, const TypedToken& named);

/// The same of a token of ours that was verified before.
[[nodiscard]] OAuthResult<NamedUser> find_token_user(OAuthServices& services, const AccessToken& token);

}  // namespace runagents::server
