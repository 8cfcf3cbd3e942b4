#pragma once

#include <string_view>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/approval_notices.hpp"
#include "server/service/policy_sets.hpp"

namespace runagents::server {

/// Approval requests and what people decide on them. A pending request whose time is over becomes EXPIRED when
/// somebody looks. Decisions are final and on disk before they are reported. Who may ask and who may decide: see
/// run_access.hpp. Requests of different users are never the same request.
class Approvals {
 public:
  /// `notices` tells approvers of new requests, in the same transaction; null: nobody is told. `policies` are those
  /// that are stored here; null: there are none.
  explicit Approvals(store::Database& database, ApprovalNotices* notices = nullptr, PolicySets* policies = nullptr)
      : database_{database}, notices_{notices}, policies_{policies} {}

  struct Asked {
    model::ApprovalRequest request;
    bool is_new = false;
  };
  /// See api::ControlPlane::request_approval. The wait of a pending request is not extended by asking again. The
  /// approvers that a run of somebody else's machine names are narrowed to those of the stored policies of its agent.
  [[nodiscard]] Result<Asked> request(const Actor& actor, model::ApprovalRequest request);
  [[nodiscard]] Result<model::ApprovalRequest> get(const Principal& principal, std::string_view id);
  /// Those of these requests, by their full ids, that are not pending any more; unknown ones are left out.
  [[nodiscard]] Result<std::vector<model::ApprovalRequest>> decided(const Principal& principal,
                                                                    const std::vector<std::string>& ids);
  /// Newest first. A run finds every request that it asked for, also those that another run asked for first.
  [[nodiscard]] Result<std::vector<model::ApprovalRequest>> list(const Principal& principal,
                                                                 const api::ApprovalFilter& filter);
  /// Decides and creates the grant, both or neither. What is not pending any more is a conflict. The approver is who
  /// the actor is; only the owner of the embedded store says under which name.
  [[nodiscard]] Result<model::ApprovalRequest> approve(const Actor& actor, std::string_view id,
                                                       api::ApprovalDecision decision);
  [[nodiscard]] Result<model::ApprovalRequest> reject(const Actor& actor, std::string_view id,
                                                      std::string_view approver, std::string_view reason);
  /// For the runner that asked.
  [[nodiscard]] Result<model::ApprovalRequest> expire(const Principal& principal, std::string_view id);

 private:
  [[nodiscard]] Result<void> expire_due();

  store::Database& database_;
  ApprovalNotices* notices_;
  PolicySets* policies_;
};

}  // namespace runagents::server
