#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"

namespace runagents::server {

/// What approvals gave. See api::ControlPlane for the meaning of each call.
class Grants {
 public:
  explicit Grants(store::Database& database) : database_{database} {}

  /// Prefers a grant that stays over consuming one. A consumed grant is on disk as such before it is handed out. On a
  /// server the run must be the actor's and at work, and finds what was given to runs of the same user. The same
  /// `use_id` (not empty) gets the grant that it has consumed before.
  [[nodiscard]] Result<std::optional<model::ApprovalGrant>> use(const Actor& actor, const model::Action& action,
                                                                const std::string& run_id, const std::string& use_id);
  /// Newest first; without the spent ones: what could still let a call pass. On a server those of the principal's own
  /// runs and those that they gave; developers and admins see all.
  [[nodiscard]] Result<std::vector<model::ApprovalGrant>> list(const Principal& principal, bool with_spent);
  /// Revoking twice is fine; a consumed grant cannot be revoked any more. For who got it or gave it, and for admins.
  [[nodiscard]] Result<model::ApprovalGrant> revoke(const Actor& actor, std::string_view id);

  /// Whether what the approval of this request gave has been used up.
  [[nodiscard]] Result<bool> is_consumed(const model::ApprovalRequest& request);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
