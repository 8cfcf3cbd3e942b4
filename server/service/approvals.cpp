#include "server/service/approvals.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/ascii.hpp"
#include "core/store/statement.hpp"
#include "server/service/account_row.hpp"
#include "server/service/approval_row.hpp"
#include "server/service/approval_store.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_rows.hpp"
#include "server/service/user_row.hpp"
#include "server/service/users.hpp"

namespace runagents::server {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;

constexpr long long no_limit = 1LL << 62;

std::optional<Error> flaw_of(const ApprovalRequest& request, model::Time now) {
  const model::Action& action = request.action;
  const auto missing = [](const char* what) {
    return Error{ErrorCode::usage, std::string{"an approval request needs "} + what, {}};
  };
  if (request.run_id.empty()) return missing("the run that asks");
  if (action.agent.empty() || action.tool.empty()) return missing("an agent and a tool");
  if (action.method.empty() || action.url.empty()) return missing("a method and a URL");
  if (action.body_sha256.size() != 64) return missing("the SHA-256 of the body");
  if (request.default_duration <= std::chrono::seconds{0}) return missing("a default duration above zero");
  if (request.expires_at <= now) return missing("an end of the wait that lies in the future");
  return std::nullopt;
}

// The run that asks; it must be the principal's and at work, and the call its agent's. Nothing in the embedded store,
// whose owner every run is of.
Result<std::optional<model::Run>> asking_run(soci::session& session, const Principal& principal,
                                             const ApprovalRequest& request) {
  if (principal.is_local()) return std::nullopt;
  auto run = load_run(session, request.run_id);
  if (!run) return std::unexpected(run.error());
  if (auto own = check_runner(principal, *run); !own) return std::unexpected(std::move(own.error()));
  if (is_final(run->status)) return fail(ErrorCode::conflict, "run " + run->id + " is over");
  if (run->agent != request.action.agent) {
    return fail(ErrorCode::forbidden, "run " + run->id + " is of another agent");
  }
  return run;
}

std::vector<std::string> common_groups(std::vector<std::string> groups, const std::vector<std::string>& others) {
  std::erase_if(groups, [&](const auto& group) { return std::ranges::find(others, group) == others.end(); });
  return groups;
}

// A runner says who decides, and could name its own friends. The groups of the stored policies go before: of those that
// the runner names, the ones that the agent's policy names, too, count; when there are none, all of the policy's.
void apply_policies(soci::session& session, const PolicySet& policies, const model::Run& run,
                    ApprovalRequest& request) {
  const auto& action = request.action;
  // Methods of HTTP are written in capitals; other ones are messages to an MCP server, with the operation beside.
  const bool is_http = std::ranges::none_of(action.method, [](unsigned char c) { return std::islower(c) != 0; });
  RunCall call{.agent = run.agent, .tool = action.tool, .method = action.method, .url = action.url};
  if (!is_http) call.operation = action.capability;
  if (!run.account.empty()) {
    const auto account = load_account(session, run.account);
    call.account = account ? AccountFacts{account->id, account->name} : AccountFacts{{}, run.account};
  }
  auto user = find_user_of_email(session, lowered(action.end_user));
  if (!user) user = find_user(session, action.end_user);
  if (user) call.end_user = facts_of(*user);
  const auto now = std::chrono::floor<std::chrono::seconds>(request.created_at);
  bool is_first = true;
  for (const auto& named : policies.approvers_of(call, now)) {
    auto both = common_groups(request.approver_groups, named);
    if (!both.empty()) {
      request.approver_groups = std::move(both);
    } else if (is_first) {
      request.approver_groups = named;
    }
    is_first = false;
  }
}

}  // namespace

Result<Approvals::Asked> Approvals::request(const Actor& actor, ApprovalRequest request) {
  const model::Time now = model::now();
  if (request.expires_at == model::Time{}) request.expires_at = now + std::chrono::minutes{10};
  if (auto flaw = flaw_of(request, now)) return std::unexpected(*flaw);
  auto id = new_uuid();
  if (!id) return std::unexpected(id.error());
  request.id = *id;
  request.status = ApprovalStatus::pending;
  request.created_at = request.updated_at = now;
  std::shared_ptr<const PolicySet> policies;
  if (policies_ != nullptr && !actor.principal.is_local()) {
    auto current = policies_->current(database_);
    if (!current) return std::unexpected(std::move(current.error()));
    policies = *std::move(current);
  }
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<Asked> {
    const auto run = asking_run(session, actor.principal, request);
    if (!run) return std::unexpected(run.error());
    request.requested_by = *run ? (*run)->created_by : std::string{};
    const auto digest = action_id(request.action, request.requested_by);
    if (!digest) return std::unexpected(digest.error());
    if (*run && policies) apply_policies(session, *policies, **run, request);
    request.action_id = *digest;
    expire_all_due(session, now);
    if (auto rejected = find_rejected(session, *digest, request.run_id)) return Asked{std::move(*rejected), false};
    auto pending = find_pending(session, *digest);
    if (!pending) {
      insert_request(session, request);
      if (auto logged = log_approval(session, actor, "approval.request", request); !logged) {
        return std::unexpected(std::move(logged.error()));
      }
      if (notices_ != nullptr) {
        if (auto told = notices_->announce(session, request); !told) return std::unexpected(std::move(told.error()));
      }
    }
    remember_who_asked(session, pending ? pending->id : request.id, request.run_id);
    auto stored = load_request(session, pending ? pending->id : request.id);
    if (!stored) return std::unexpected(stored.error());
    return Asked{std::move(*stored), !pending};
  });
}

Result<void> Approvals::expire_due() {
  const model::Time now = model::now();
  const auto due = database_.read([&](soci::session& session) -> Result<bool> {
    const long long limit = number_of(now);
    int found = 0;
    store::Statement query{session};
    query.into(found).use(limit, "now");
    query.prepare("SELECT 1 FROM approval_requests WHERE status = 'PENDING' AND expires_at <= :now LIMIT 1");
    return query.fetch();
  });
  if (!due) return std::unexpected(due.error());
  if (!*due) return {};
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    expire_all_due(session, now);
    return {};
  });
}

Result<ApprovalRequest> Approvals::get(const Principal& principal, std::string_view id) {
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.read([&](soci::session& session) { return load_visible_request(session, principal, id); });
}

Result<std::vector<ApprovalRequest>> Approvals::decided(const Principal& principal,
                                                        const std::vector<std::string>& ids) {
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.read([&](soci::session& session) -> Result<std::vector<ApprovalRequest>> {
    std::vector<ApprovalRequest> found;
    for (const auto& id : ids) {
      RequestRow row;
      store::Statement query{session};
      row.bind(query);
      query.use(id, "id");
      query.prepare(select_requests("WHERE r.id = :id AND r.status <> 'PENDING'"));
      if (!query.fetch()) continue;
      if (auto request = row.request(); may_see(principal, request)) found.push_back(std::move(request));
    }
    return found;
  });
}

Result<std::vector<ApprovalRequest>> Approvals::list(const Principal& principal, const api::ApprovalFilter& filter) {
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.read([&](soci::session& session) -> Result<std::vector<ApprovalRequest>> {
    RequestRow row;
    store::Statement query{session};
    row.bind(query);
    const std::string status{filter.status ? word(*filter.status) : std::string_view{}};
    const long long limit = filter.limit == 0 ? no_limit : filter.limit;
    std::string where = "WHERE 1 = 1";
    if (!status.empty()) {
      query.use(status, "status");
      where += " AND r.status = :status";
    }
    if (!filter.agent.empty()) {
      query.use(filter.agent, "agent");
      where += " AND r.agent = :agent";
    }
    if (!filter.run_id.empty()) {
      query.use(filter.run_id, "run");
      where += " AND r.id IN (SELECT request_id FROM approval_request_runs WHERE run_id = :run)";
    }
    query.prepare(select_requests(where + " ORDER BY r.created_at DESC, r.id"));
    std::vector<ApprovalRequest> requests;
    // Who sees what depends on lists in columns, so the limit is counted here.
    while (std::cmp_less(requests.size(), limit) && query.fetch()) {
      if (auto request = row.request(); may_see(principal, request)) requests.push_back(std::move(request));
    }
    return requests;
  });
}

}  // namespace runagents::server
