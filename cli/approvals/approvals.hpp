#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.hpp"
#include "core/model/approval.hpp"

namespace runagents::cli {

struct ApprovalsList {
  std::string status = {};  ///< "pending", "approved", "rejected", "expired"; empty: all
  std::string agent = {};
  std::string run = {};
  std::uint32_t limit = 50;
};

struct ApprovalsGet {
  std::string id = {};
};

struct Approve {
  std::vector<std::string> ids = {};
  std::string scope = "once";
  std::chrono::seconds duration{0};  ///< 0: the request's own
  std::string reason = {};
  bool dry_run = false;
};

struct Reject {
  std::vector<std::string> ids = {};
  std::string reason = {};
  bool dry_run = false;
};

struct ApprovalsWatch {
  std::string agent = {};
  std::string run = {};
  std::chrono::seconds timeout{0};  ///< 0: until interrupted
};

struct GrantsList {
  bool all = false;
};

struct GrantsRevoke {
  std::vector<std::string> ids = {};
  bool yes = false;
  bool dry_run = false;
};

[[nodiscard]] Outcome list_approvals(const ApprovalsList& options, Context& context);
[[nodiscard]] Outcome get_approval(const ApprovalsGet& options, Context& context);
[[nodiscard]] Outcome approve(const Approve& options, Context& context);
[[nodiscard]] Outcome reject(const Reject& options, Context& context);
[[nodiscard]] Outcome watch_approvals(const ApprovalsWatch& options, Context& context);
[[nodiscard]] Outcome list_grants(const GrantsList& options, Context& context);
[[nodiscard]] Outcome revoke_grants(const GrantsRevoke& options, Context& context);

/// An agent must not decide on its own calls: ErrorCode::forbidden when this process runs inside a run, by its
/// environment or by its ancestors. `what` it cannot do, for the message. A courtesy to people; the fence is what keeps
/// an agent from the control plane.
[[nodiscard]] Result<void> refuse_agents(Context& context, std::string_view what = "approve its own calls");

/// Who decides, for the record: the login name of the user that this process belongs to.
[[nodiscard]] std::string local_user();

}  // namespace runagents::cli
