#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/oauth/oauth_result.hpp"

namespace runagents::server {

/// A public client: a program of a person's, which has no secret (RFC 6749, section 2.1).
struct OAuthClient {
  std::string id;
  std::string name;  ///< as the program calls itself; nobody has checked it
  std::vector<std::string> redirect_uris;
  model::Time created_at;
  bool is_built_in = false;
};

/// The program's own client, which needs no registration.
inline constexpr std::string_view own_client_id = "runagents-cli";

/// Whether a client may register this URI: https, or http to this machine; without a fragment and a user.
[[nodiscard]] bool is_redirect_uri(std::string_view uri);

/// Whether a redirect URI leads to the machine of whoever follows it.
[[nodiscard]] bool is_loopback_redirect(std::string_view uri);

/// Whether the client may be answered at this URI. It is one of its own, byte by byte; only the port does not count on
/// the loopback interface (RFC 8252, section 7.3).
[[nodiscard]] bool may_redirect(const OAuthClient& client, std::string_view uri);

/// Public clients that have registered themselves (RFC 7591), as MCP clients do.
class OAuthClients {
 public:
  static constexpr long long max_clients = 10'000;

  explicit OAuthClients(store::Database& database) : database_{database} {}

  /// Errors of RFC 7591, section 3.2.2. Those that nobody has logged in with for a day make room.
  [[nodiscard]] OAuthResult<OAuthClient> add(std::string name, std::vector<std::string> redirect_uris);
  [[nodiscard]] Result<std::optional<OAuthClient>> find(std::string_view id);
  /// Somebody has logged in with it, so it stays.
  [[nodiscard]] Result<void> note_use(std::string_view id);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
