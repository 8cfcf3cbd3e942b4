#include "server/service/approvals.hpp"

#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/store/statement.hpp"
#include "server/service/approval_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;

constexpr long long no_limit = 1LL << 62;

std::string select(std::string_view rest) {
  return std::string{"SELECT "} + RequestRow::columns + " FROM approval_requests r " + std::string{rest};
}

Result<ApprovalRequest> load(soci::session& session, std::string_view id) {
  const auto full = resolve_id(session, requests_kind, id);
  if (!full) return std::unexpected(full.error());
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(*full, "id");
  query.prepare(select("WHERE r.id = :id"));
  if (!query.fetch()) return fail(ErrorCode::not_found, "there is no approval request \"" + *full + "\"");
  return row.request();
}

std::optional<ApprovalRequest> find_pending(soci::session& session, const std::string& action) {
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action, "action");
  query.prepare(select("WHERE r.action_id = :action AND r.status = 'PENDING'"));
  return query.fetch() ? std::optional{row.request()} : std::nullopt;
}

std::optional<ApprovalRequest> find_rejected(soci::session& session, const std::string& action,
                                             const std::string& run) {
  RequestRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action, "action").use(run, "run");
  query.prepare(
      select("JOIN approval_request_runs a ON a.request_id = r.id WHERE r.action_id = :action "
             "AND r.status = 'REJECTED' AND a.run_id = :run ORDER BY r.updated_at DESC LIMIT 1"));
  return query.fetch() ? std::optional{row.request()} : std::nullopt;
}

void remember_who_asked(soci::session& session, const std::string& request, const std::string& run) {
  store::Statement insert{session};
  insert.use(request, "request").use(run, "run");
  insert.prepare(
      "INSERT INTO approval_request_runs (request_id, run_id) VALUES (:request, :run) ON CONFLICT DO NOTHING");
  insert.change();
}

void expire_all_due(soci::session& session, model::Time time) {
  const long long now = number_of(time);
  store::Statement update{session};
  update.use(now, "now");
  update.prepare(
      "UPDATE approval_requests SET status = 'EXPIRED', updated_at = :now "
      "WHERE status = 'PENDING' AND expires_at <= :now");
  update.change();
}

void store_decision(soci::session& session, const ApprovalRequest& request) {
  const std::string status{word(request.status)};
  const std::string scope{request.scope ? word(*request.scope) : std::string_view{}};
  const long long updated_at = number_of(request.updated_at);
  store::Statement update{session};
  update.use(status, "status").use(scope, "scope").use(request.approver, "approver").use(request.reason, "reason");
  update.use(updated_at, "updated_at").use(request.id, "id");
  update.prepare(
      "UPDATE approval_requests SET status = :status, scope = :scope, approver = :approver, "
      "reason = :reason, updated_at = :updated_at WHERE id = :id");
  update.change();
}

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

Result<ApprovalRequest> load_for(soci::session& session, const Principal& principal, std::string_view id) {
  auto request = load(session, id);
  if (request && !may_see(principal, *request)) return no_such("approval request", id);
  return request;
}

// The request when it can still be decided, and by this principal.
Result<ApprovalRequest> load_undecided(soci::session& session, const Principal& principal, std::string_view id) {
  auto request = load_for(session, principal, id);
  if (!request) return request;
  if (auto may = check_approver(session, principal, *request); !may) return std::unexpected(std::move(may.error()));
  if (request->status == ApprovalStatus::pending) return request;
  const std::string by = request->approver.empty() ? "" : " by " + request->approver;
  return fail(ErrorCode::conflict,
              "approval request " + request->id + " is already " + std::string{word(request->status)} + by,
              request->status == ApprovalStatus::expired ? "the agent has to make the call again" : "");
}

Result<void> create_grant(soci::session& session, const ApprovalRequest& request, model::Scope scope,
                          const std::optional<std::chrono::seconds>& duration) {
  const auto id = new_uuid();
  if (!id) return std::unexpected(id.error());
  model::ApprovalGrant grant;
  grant.id = *id;
  grant.request_id = request.id;
  grant.run_id = request.run_id;
  grant.requested_by = request.requested_by;
  grant.scope = scope;
  grant.action = request.action;
  grant.approver = request.approver;
  grant.created_at = request.updated_at;
  if (grant.scope == model::Scope::window) {
    grant.expires_at = grant.created_at + duration.value_or(request.default_duration);
  }
  insert_grant(session, grant, request.action_id);
  return {};
}

// Whose run it is that asks; the run must be the principal's and at work, and the call its agent's.
Result<std::string> requester(soci::session& session, const Principal& principal, const ApprovalRequest& request) {
  if (principal.is_local()) return std::string{};
  const auto run = load_run(session, request.run_id);
  if (!run) return std::unexpected(run.error());
  if (auto own = check_runner(principal, *run); !own) return std::unexpected(std::move(own.error()));
  if (is_final(run->status)) return fail(ErrorCode::conflict, "run " + run->id + " is over");
  if (run->agent != request.action.agent) {
    return fail(ErrorCode::forbidden, "run " + run->id + " is of another agent");
  }
  return run->created_by;
}

std::string approver_of(const Principal& principal, std::string_view given) {
  return principal.user ? principal.user->email : std::string{given};
}

// What a person decided, and what an agent asked for; not the call's arguments.
Result<void> log(soci::session& session, const Actor& actor, std::string action, const ApprovalRequest& request) {
  if (actor.principal.is_local()) return {};
  nlohmann::ordered_json detail = {{"agent_id", request.action.agent},
                                   {"tool_id", request.action.tool},
                                   {"run_id", request.run_id},
                                   {"policy", request.policy},
                                   {"rule", request.rule}};
  if (request.scope) detail["scope"] = word(*request.scope);
  return AuditLog::add(session, actor,
                       {.action = std::move(action),
                        .user_id = request.requested_by,
                        .object = request.id,
                        .detail = detail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)});
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
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<Asked> {
    const auto asks = requester(session, actor.principal, request);
    if (!asks) return std::unexpected(asks.error());
    const auto digest = action_id(request.action, *asks);
    if (!digest) return std::unexpected(digest.error());
    request.requested_by = *asks;
    request.action_id = *digest;
    expire_all_due(session, now);
    if (auto rejected = find_rejected(session, *digest, request.run_id)) return Asked{std::move(*rejected), false};
    auto pending = find_pending(session, *digest);
    if (!pending) {
      insert_request(session, request);
      if (auto logged = log(session, actor, "approval.request", request); !logged) {
        return std::unexpected(std::move(logged.error()));
      }
      if (notices_ != nullptr) {
        if (auto told = notices_->announce(session, request); !told) return std::unexpected(std::move(told.error()));
      }
    }
    remember_who_asked(session, pending ? pending->id : request.id, request.run_id);
    auto stored = load(session, pending ? pending->id : request.id);
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
  return database_.read([&](soci::session& session) { return load_for(session, principal, id); });
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
      query.prepare(select("WHERE r.id = :id AND r.status <> 'PENDING'"));
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
    query.prepare(select(where + " ORDER BY r.created_at DESC, r.id"));
    std::vector<ApprovalRequest> requests;
    // Who sees what depends on lists in columns, so the limit is counted here.
    while (std::cmp_less(requests.size(), limit) && query.fetch()) {
      if (auto request = row.request(); may_see(principal, request)) requests.push_back(std::move(request));
    }
    return requests;
  });
}

Result<ApprovalRequest> Approvals::approve(const Actor& actor, std::string_view id, api::ApprovalDecision decision) {
  decision.approver = approver_of(actor.principal, decision.approver);
  if (decision.approver.empty()) return fail(ErrorCode::usage, "an approval needs the name of the approver");
  if (decision.duration && decision.scope != model::Scope::window) {
    return fail(ErrorCode::usage, "a duration goes with scope window only");
  }
  if (decision.duration && *decision.duration <= std::chrono::seconds{0}) {
    return fail(ErrorCode::usage, "a duration must be above zero");
  }
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalRequest> {
    const model::Time now = model::now();
    expire_all_due(session, now);
    auto request = load_undecided(session, actor.principal, id);
    if (!request) return request;
    request->status = ApprovalStatus::approved;
    request->scope = decision.scope;
    request->approver = decision.approver;
    request->reason = decision.reason;
    request->updated_at = now;
    store_decision(session, *request);
    if (auto granted = create_grant(session, *request, decision.scope, decision.duration); !granted) {
      return std::unexpected(granted.error());
    }
    if (auto logged = log(session, actor, "approval.approve", *request); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return request;
  });
}

Result<ApprovalRequest> Approvals::reject(const Actor& actor, std::string_view id, std::string_view given,
                                          std::string_view reason) {
  const auto approver = approver_of(actor.principal, given);
  if (approver.empty()) return fail(ErrorCode::usage, "a rejection needs the name of the approver");
  if (auto expired = expire_due(); !expired) return std::unexpected(expired.error());
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalRequest> {
    auto request = load_undecided(session, actor.principal, id);
    if (!request) return request;
    request->status = ApprovalStatus::rejected;
    request->approver = approver;
    request->reason = reason;
    request->updated_at = model::now();
    store_decision(session, *request);
    if (auto logged = log(session, actor, "approval.reject", *request); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return request;
  });
}

Result<ApprovalRequest> Approvals::expire(const Principal& principal, std::string_view id) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<ApprovalRequest> {
    auto request = load_for(session, principal, id);
    if (!request) return request;
    const bool is_own = principal.is_local() || request->requested_by == principal.user_id();
    if (!is_own) return fail(ErrorCode::forbidden, "only the run that asked gives the request up");
    if (request->status != ApprovalStatus::pending) return request;
    request->status = ApprovalStatus::expired;
    request->updated_at = model::now();
    store_decision(session, *request);
    return request;
  });
}

}  // namespace runagents::server
