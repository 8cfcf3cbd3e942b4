#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// What approvals gave. See api::ControlPlane for the meaning of each call.
class Grants {
 public:
  explicit Grants(store::Database& database) : database_{database} {}

  /// Prefers a grant that stays over consuming one. A consumed grant is on disk as such before it is handed out.
  [[nodiscard]] Result<std::optional<model::ApprovalGrant>> use(const model::Action& action, const std::string& run_id);
  /// Newest first; without the spent ones: what could still let a call pass.
  [[nodiscard]] Result<std::vector<model::ApprovalGrant>> list(bool with_spent);
  /// Revoking twice is fine; a consumed grant cannot be revoked any more.
  [[nodiscard]] Result<model::ApprovalGrant> revoke(std::string_view id);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
