#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/approval.hpp"

namespace runagents::model {

/// An identity of an agent: a client of the token endpoint.
struct AgentAccount {
  std::string id;    ///< UUID
  std::string name;  ///< unique
  std::string description;
  std::string client_id;  ///< unique
  bool is_active = true;
  std::string owner_user_id;  ///< empty: made by the owner of the embedded store
  Time created_at;
  Time updated_at;
  std::optional<Time> secret_rotated_at;
  std::optional<Time> last_used_at;  ///< of a secret; exact to a minute
};

/// Says that an agent account may act for a user.
struct Delegation {
  std::string id;  ///< UUID
  std::string account_id;
  std::string user_id;
  std::string user_email;
  std::optional<std::vector<std::string>> server_ids;  ///< nothing: all servers
  Time created_at;
  std::optional<Time> expires_at;
  std::optional<Time> revoked_at;

  [[nodiscard]] bool is_active(Time now) const noexcept { return !revoked_at && (!expires_at || *expires_at > now); }
};

/// Says that an agent account may use a user's OAuth session on a server: for calls on behalf of that user, or, when it
/// is shared, for all calls that have no grant of their own.
struct SessionGrant {
  std::string id;  ///< UUID
  std::string account_id;
  std::string server_id;
  std::string grantor_user_id;
  std::string grantor_email;
  bool shared = false;
  Time created_at;
  Time updated_at;
  std::optional<Time> revoked_at;
  std::string revoked_reason;  ///< "revoked", "superseded" (somebody else's grant was promoted), "account_deleted", ...

  [[nodiscard]] bool is_active() const noexcept { return !revoked_at; }
};

}  // namespace runagents::model
