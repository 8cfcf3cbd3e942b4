#pragma once

#include <string_view>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// Approval requests and what people decide on them. A pending request whose time is over becomes EXPIRED when
/// somebody looks. Decisions are final and on disk before they are reported.
class Approvals {
 public:
  explicit Approvals(store::Database& database) : database_{database} {}

  struct Asked {
    model::ApprovalRequest request;
    bool is_new = false;
  };
  /// See api::ControlPlane::request_approval. The wait of a pending request is not extended by asking again.
  [[nodiscard]] Result<Asked> request(model::ApprovalRequest request);
  [[nodiscard]] Result<model::ApprovalRequest> get(std::string_view id);
  /// Newest first. A run finds every request that it asked for, also those that another run asked for first.
  [[nodiscard]] Result<std::vector<model::ApprovalRequest>> list(const api::ApprovalFilter& filter);
  /// Decides and creates the grant, both or neither. What is not pending any more is a conflict.
  [[nodiscard]] Result<model::ApprovalRequest> approve(std::string_view id, const api::ApprovalDecision& decision);
  [[nodiscard]] Result<model::ApprovalRequest> reject(std::string_view id, std::string_view approver,
                                                      std::string_view reason);
  [[nodiscard]] Result<model::ApprovalRequest> expire(std::string_view id);

 private:
  [[nodiscard]] Result<void> expire_due();

  store::Database& database_;
};

}  // namespace runagents::server
