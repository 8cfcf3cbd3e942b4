#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/oauth/signing_keys.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// What an access token of this server says (RFC 9068, section 2.2; RFC 8693, section 4.1).
struct AccessToken {
  enum class Kind {
    account,    ///< an agent account alone (M2M): `sub` is the account
    delegated,  ///< an agent account on behalf of a user (OBO): `sub` is the user, `act.sub` the account
    user        ///< a user who has logged in
  };
  Kind kind = Kind::account;
  std::string account_id = {};  ///< account, delegated
  std::string user_id = {};     ///< delegated, user
  std::string client_id = {};   ///< of the OAuth client that asked for it
  /// Ids of the MCP servers that it is for; empty: this whole instance (`aud`).
  std::vector<std::string> server_ids = {};
  Role role = Role::user;    ///< user: the most that it may be used for
  std::string session = {};  ///< user: the login that it belongs to (`sid`)
  std::string id = {};       ///< `jti`; set when it is issued, as the next two
  std::chrono::sys_seconds issued_at = {};
  std::chrono::sys_seconds expires_at = {};
};

/// Whole seconds until the end of what a token comes of, at most a token's life; less than 1: it is over.
[[nodiscard]] std::chrono::seconds lifetime_until(const std::optional<model::Time>& end);

struct IssuedToken {
  config::Secret text;
  AccessToken token;
};

/// Issues access tokens of this server, and says what one that comes back is worth. A token says what was true when it
/// was issued; whether that still holds is LiveCheck's. Of one thread. Blocks.
class TokenIssuer {
 public:
  /// `issuer`: the server's own URL, without a "/" at its end.
  TokenIssuer(store::Database& database, SigningKeys& keys, std::string issuer)
      : database_{database}, keys_{keys}, issuer_{std::move(issuer)} {}

  /// `lifetime` from now on: 1 s to SigningKeys::max_token_lifetime.
  [[nodiscard]] Result<IssuedToken> issue(AccessToken token, std::chrono::seconds lifetime);

  /// Whether a text says that it is a JWT of this server. Proves nothing: it is for choosing who judges it.
  [[nodiscard]] bool claims_to_be_ours(std::string_view text) const;

  /// The claims of a token of ours: signed by us, `typ` at+jwt, `iss` and `aud` of this server, not expired, not
  /// revoked (RFC 9068, section 4). Else ErrorCode::unauthenticated, reason "invalid_token".
  [[nodiscard]] Result<AccessToken> verify(std::string_view text);

  /// From now on `verify` refuses it, in all processes. Twice is fine.
  [[nodiscard]] Result<void> revoke(const AccessToken& token);

  [[nodiscard]] const std::string& issuer() const noexcept { return issuer_; }
  /// The canonical URL of an MCP server behind the proxy, as `aud` and as `resource` of RFC 8707 and 9728.
  [[nodiscard]] std::string resource(std::string_view server_id) const;
  /// What stands in such a URL for the server, as it is written there; nothing when the URL is another one.
  [[nodiscard]] std::optional<std::string> server_of(std::string_view url) const;

 private:
  store::Database& database_;
  SigningKeys& keys_;
  std::string issuer_;
};

}  // namespace runagents::server
