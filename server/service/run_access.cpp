#include "server/service/run_access.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "server/service/account_row.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

bool is_me(const Principal& principal, std::string_view user_id) {
  return !user_id.empty() && principal.is_person() && principal.user_id() == user_id;
}

bool shares_group(const Principal& principal, const std::vector<std::string>& groups) {
  return principal.user && std::ranges::any_of(principal.user->groups, [&](const auto& group) {
           return std::ranges::find(groups, group) != groups.end();
         });
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

bool owns_account_of(soci::session& session, const Principal& principal, const model::ApprovalRequest& request) {
  const auto run = load_run(session, request.run_id);
  if (!run || run->account.empty()) return false;
  const auto account = load_account(session, run->account);
  return account && is_me(principal, account->owner_user_id);
}

}  // namespace

bool sees_all_runs(const Principal& principal) noexcept { return principal.may(Role::developer); }

bool is_end_user(const Principal& principal, std::string_view end_user) {
  if (end_user.empty() || !principal.user) return false;
  return end_user == principal.user->id || lowered(end_user) == lowered(principal.user->email);
}

bool may_see(const Principal& principal, const model::Run& run) {
  return sees_all_runs(principal) || is_me(principal, run.created_by) || is_end_user(principal, run.end_user);
}

bool may_see(const Principal& principal, const model::ApprovalRequest& request) {
  return sees_all_runs(principal) || is_me(principal, request.requested_by) ||
         is_end_user(principal, request.action.end_user) || shares_group(principal, request.approver_groups);
}

Result<void> check_runner(const Principal& principal, const model::Run& run) {
  if (principal.is_local() || is_me(principal, run.created_by)) return {};
  if (!may_see(principal, run)) return no_such("run", run.id);
  return fail(ErrorCode::forbidden, "run " + run.id + " is another user's, and only they write its record");
}

Result<void> check_approver(soci::session& session, const Principal& principal, const model::ApprovalRequest& request) {
  if (principal.is_local()) return {};
  if (!principal.is_person()) return fail(ErrorCode::forbidden, "only people decide on approvals");
  if (is_me(principal, request.requested_by) || is_end_user(principal, request.action.end_user) ||
      owns_account_of(session, principal, request)) {
    return fail(ErrorCode::forbidden, "nobody decides on what they ask for themselves",
                "another approver has to decide on " + request.id, "self_approval");
  }
  const auto& groups = request.approver_groups;
  if (groups.empty()) {
    if (principal.may(Role::admin)) return {};
    return fail(ErrorCode::forbidden, "the policy names no approvers, so that takes an admin", {}, "not_an_approver");
  }
  if (shares_group(principal, groups)) return {};
  return fail(ErrorCode::forbidden, "that takes a member of: " + joined(groups), {}, "not_an_approver");
}

}  // namespace runagents::server
