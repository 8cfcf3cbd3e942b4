#pragma once

#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/api/client.hpp"
#include "core/error.hpp"

namespace runagents::api {

/// An agent account and a server, by their ids.
struct GrantPair {
  std::string account;
  std::string server;
};

/// Sets whether the caller's own session grant is shared, to a value and not to its opposite, also where a server knows
/// the toggle only: that one flips, ignores what is asked for, and does it again when it is sent again. So the grant is
/// read first; PATCH is used where there is one; the toggle is sent once, its answer is held against what was wanted,
/// and whatever else it says is a conflict that a person looks at. After a lost answer the grant is read again instead.
class GrantSharing {
 public:
  GrantSharing(Client& client, GrantPair pair) : client_{client}, pair_{std::move(pair)} {}

  /// The active grants of the pair that the caller can see: their own, and the shared one.
  [[nodiscard]] Result<std::vector<nlohmann::ordered_json>> visible() const;
  /// The caller's own active grant; ErrorCode::not_found without one.
  [[nodiscard]] Result<nlohmann::ordered_json> own() const;
  /// Grants of others that promoting `own` revokes, as far as they can be seen; personal ones cannot.
  [[nodiscard]] Result<std::vector<nlohmann::ordered_json>> revoked_by_promotion(
      const nlohmann::ordered_json& own) const;
  /// Makes `own`, as it was read, shared or personal; returns it as it is then.
  [[nodiscard]] Result<nlohmann::ordered_json> set(const nlohmann::ordered_json& own, bool shared) const;

 private:
  [[nodiscard]] Result<nlohmann::ordered_json> toggle(bool shared) const;

  Client& client_;
  GrantPair pair_;
};

/// The id of the user whose credential the client has. ErrorCode::not_found where nobody in particular asks: the owner
/// of the embedded store is no user.
[[nodiscard]] Result<std::string> own_user_id(Client& client);

}  // namespace runagents::api
