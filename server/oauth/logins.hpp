#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/model/user.hpp"
#include "core/store/database.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// A user who has logged in with a public client. All tokens that come of it belong to its family, and are good for as
/// long as the API key by which the user has signed in: a key that ends soon must not be worth a login that goes on.
struct Login {
  std::string family;  ///< UUID; `sid` of its access tokens
  std::string client_id;
  std::string user_id;
  std::string api_key_id;
  model::Role role = model::Role::user;  ///< the most that its tokens may be used for
  std::vector<std::string> server_ids;   ///< what they are for; empty: this instance
};

struct LiveLogin {
  std::optional<model::Time> ends_at;  ///< with its API key; nothing: that has no end
};

/// Refresh tokens: 256 random bits, kept as SHA-256. Each is used once and gives the next one; one that is used again
/// was stolen on one side or the other, and ends the login (RFC 9700, section 4.14.2).
class Logins {
 public:
  static constexpr std::chrono::days lifetime{30};  ///< of a refresh token that is not used

  explicit Logins(store::Database& database) : database_{database} {}

  /// The first refresh token of a login, within a transaction of the caller's. Throws soci::soci_error.
  [[nodiscard]] static config::Secret begin(soci::session& session, const Login& login);
  /// The same in a transaction of its own; gives the login its family.
  [[nodiscard]] Result<config::Secret> begin(Login& login);
  /// Ends a login within a transaction of the caller's: its refresh tokens go, its access tokens are refused.
  static void end(soci::session& session, const std::string& family);

  /// The login of a refresh token that can be used now; nothing: it is unknown, used or expired.
  [[nodiscard]] Result<std::optional<Login>> find(std::string_view token);

  /// The next refresh token, in one transaction with the end of this one. Nothing when the token cannot be used, or is
  /// another client's; if it was used before, the login is over.
  [[nodiscard]] Result<std::optional<config::Secret>> refresh(std::string_view token, std::string_view client_id);

  [[nodiscard]] Result<void> end(const std::string& family);

  /// A login that goes on: it was not ended, and its API key is neither revoked nor expired.
  [[nodiscard]] Result<std::optional<LiveLogin>> find_live(const std::string& family);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
