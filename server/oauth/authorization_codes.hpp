#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/oauth/logins.hpp"

namespace runagents::server {

/// What a person has granted to a client, until the client comes for it.
struct AuthorizationGrant {
  Login login;  ///< its family is set by `AuthorizationCodes::issue`
  std::string redirect_uri;
  std::string code_challenge;  ///< S256 (RFC 7636, section 4.2)
};

/// A login as it begins: its first refresh token.
struct BegunLogin {
  Login login;
  config::Secret refresh_token;
};

/// Authorization codes: 256 random bits, kept as SHA-256. Each is used once, in one transaction with the login that it
/// begins; one that is used again ends that login (RFC 6749, section 4.1.2).
class AuthorizationCodes {
 public:
  static constexpr std::chrono::minutes lifetime{2};

  explicit AuthorizationCodes(store::Database& database) : database_{database} {}

  [[nodiscard]] Result<config::Secret> issue(AuthorizationGrant grant);
  /// Nothing when the code is unknown, used, expired, another client's or for another redirect URI, or when the
  /// verifier is not the challenge's.
  [[nodiscard]] Result<std::optional<BegunLogin>> redeem(std::string_view code, std::string_view client_id,
                                                         std::string_view redirect_uri, std::string_view verifier);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
