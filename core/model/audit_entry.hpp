#pragma once

#include <string>

#include "core/model/approval.hpp"

namespace runagents::model {

/// What somebody did in the control plane, or tried to. Holds no secrets.
struct AuditEntry {
  std::string id = {};          ///< UUID
  Time at = {};                 ///< that of the entry when it is not set
  std::string action = {};      ///< "session_grant.promote", "tool.call", ...: a noun and a verb
  std::string actor_kind = {};  ///< "local", "user", "account", "delegated"
  std::string actor_id = {};    ///< of the user, or of the agent account; empty: the owner of the embedded store
  std::string user_id = {};     ///< whose affair it is: the user acted for, the delegator, the grantor; may be empty
  std::string account_id = {};  ///< may be empty, as the next two
  std::string server_id = {};
  std::string object = {};   ///< id of what was changed
  std::string outcome = {};  ///< "ok", "refused", "failed"
  std::string request_id = {};
  std::string detail = {};  ///< JSON object with more, or empty
};

}  // namespace runagents::model
