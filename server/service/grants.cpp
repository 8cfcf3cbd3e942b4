#include "server/service/grants.hpp"

#include "core/store/statement.hpp"
#include "server/service/approval_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

using model::ApprovalGrant;

std::string select(std::string_view rest) {
  return std::string{"SELECT "} + GrantRow::columns + " FROM approval_grants g " + std::string{rest};
}

// One use of a grant.
struct Use {
  const model::Action& action;
  std::string run_id;
  std::string id;
  std::string requested_by;
  std::string digest;  // of the action
};

// Every scope is tied to one agent and one tool, and to who runs it.
constexpr std::string_view covering =
    "WHERE g.agent = :agent AND g.tool = :tool AND g.requested_by = :requester AND g.consumed_at IS NULL AND "
    "g.revoked_at IS NULL "
    "AND (g.expires_at IS NULL OR g.expires_at > :now) AND ("
    "(g.scope = 'run' AND g.run_id = :run AND g.capability = :capability) OR "
    "(g.scope = 'agent_user_ttl' AND g.end_user = :end_user AND g.expires_at IS NOT NULL) OR "
    "(g.scope = 'once' AND g.action_id = :action)) "
    "ORDER BY CASE g.scope WHEN 'once' THEN 1 ELSE 0 END, g.created_at, g.id LIMIT 1";

std::optional<ApprovalGrant> find_covering(soci::session& session, const Use& use) {
  const long long now = number_of(model::now());
  const auto& action = use.action;
  GrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action.agent, "agent").use(action.tool, "tool").use(now, "now").use(use.run_id, "run");
  query.use(action.capability, "capability").use(action.end_user, "end_user").use(use.digest, "action");
  query.use(use.requested_by, "requester");
  query.prepare(select(covering));
  return query.fetch() ? std::optional{row.grant()} : std::nullopt;
}

// What this very use has consumed already: its answer was lost.
std::optional<ApprovalGrant> find_consumed(soci::session& session, const Use& use) {
  if (use.id.empty()) return std::nullopt;
  GrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(use.action.agent, "agent").use(use.action.tool, "tool").use(use.id, "id").use(use.digest, "action");
  query.use(use.requested_by, "requester");
  query.prepare(
      select("WHERE g.agent = :agent AND g.tool = :tool AND g.consumed_by = :id AND g.action_id = :action "
             "AND g.requested_by = :requester AND g.revoked_at IS NULL LIMIT 1"));
  return query.fetch() ? std::optional{row.grant()} : std::nullopt;
}

// False when somebody else was faster.
bool consume(soci::session& session, const ApprovalGrant& grant, const Use& use) {
  const long long now = number_of(*grant.consumed_at);
  store::Statement update{session};
  update.use(now, "now").use(use.id, "use").use(grant.id, "id");
  update.prepare(
      "UPDATE approval_grants SET consumed_at = :now, consumed_by = :use "
      "WHERE id = :id AND consumed_at IS NULL AND revoked_at IS NULL");
  return update.change() == 1;
}

Result<Use> checked_use(soci::session& session, const Principal& principal, const model::Action& action,
                        const std::string& run_id, const std::string& use_id) {
  Use use{.action = action, .run_id = run_id, .id = use_id, .requested_by = {}, .digest = {}};
  if (!principal.is_local()) {
    const auto run = load_run(session, run_id);
    if (!run) return std::unexpected(run.error());
    if (auto own = check_runner(principal, *run); !own) return std::unexpected(std::move(own.error()));
    if (is_final(run->status)) return fail(ErrorCode::conflict, "run " + run->id + " is over");
    if (run->agent != action.agent) return fail(ErrorCode::forbidden, "run " + run->id + " is of another agent");
    use.requested_by = run->created_by;
  }
  auto digest = action_id(action, use.requested_by);
  if (!digest) return std::unexpected(std::move(digest.error()));
  use.digest = std::move(*digest);
  return use;
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const ApprovalGrant& grant) {
  if (actor.principal.is_local()) return {};
  return AuditLog::add(session, actor,
                       {.action = std::move(action), .user_id = grant.requested_by, .object = grant.id});
}

bool is_given_by(const Principal& principal, const ApprovalGrant& grant) {
  return principal.user && grant.approver == principal.user->email;
}

bool is_given_to(const Principal& principal, const ApprovalGrant& grant) {
  return principal.user && grant.requested_by == principal.user->id;
}

bool may_see(const Principal& principal, const ApprovalGrant& grant) {
  return sees_all_runs(principal) || is_given_by(principal, grant) || is_given_to(principal, grant);
}

Result<ApprovalGrant> load(soci::session& session, std::string_view id) {
  const auto full = resolve_id(session, grants_kind, id);
  if (!full) return std::unexpected(full.error());
  GrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(*full, "id");
  query.prepare(select("WHERE g.id = :id"));
  if (!query.fetch()) return fail(ErrorCode::not_found, "there is no approval grant \"" + *full + "\"");
  return row.grant();
}

}  // namespace

Result<std::optional<ApprovalGrant>> Grants::use(const Actor& actor, const model::Action& action,
                                                 const std::string& run_id, const std::string& use_id) {
  using Found = Result<std::optional<ApprovalGrant>>;
  const auto find = [&](soci::session& session) -> Found {
    const auto use = checked_use(session, actor.principal, action, run_id, use_id);
    if (!use) return std::unexpected(use.error());
    if (auto consumed = find_consumed(session, *use)) return consumed;
    return find_covering(session, *use);
  };
  auto found = database_.read(find);
  if (!found) return found;
  if (const auto& grant = *found; !grant || grant->scope != model::Scope::once || grant->consumed_at) return found;
  return database_.write(store::Durability::full, [&](soci::session& session) -> Found {
    const auto use = checked_use(session, actor.principal, action, run_id, use_id);
    if (!use) return std::unexpected(use.error());
    if (auto consumed = find_consumed(session, *use)) return consumed;
    auto grant = find_covering(session, *use);
    if (!grant || grant->scope != model::Scope::once) return grant;
    grant->consumed_at = model::now();
    if (!consume(session, *grant, *use)) return std::optional<ApprovalGrant>{};
    if (auto logged = log(session, actor, "approval_grant.use", *grant); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return grant;
  });
}

Result<std::vector<ApprovalGrant>> Grants::list(const Principal& principal, bool with_spent) {
  return database_.read([&](soci::session& session) -> Result<std::vector<ApprovalGrant>> {
    const long long now = number_of(model::now());
    GrantRow row;
    store::Statement query{session};
    row.bind(query);
    std::string where;
    if (!with_spent) {
      query.use(now, "now");
      where =
          "WHERE g.consumed_at IS NULL AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > :now) "
          "AND NOT (g.scope = 'run' AND EXISTS (SELECT 1 FROM runs WHERE runs.id = g.run_id "
          "AND runs.status IN ('COMPLETED', 'FAILED', 'CANCELLED'))) ";
    }
    query.prepare(select(where + "ORDER BY g.created_at DESC, g.id"));
    std::vector<ApprovalGrant> grants;
    while (query.fetch()) {
      if (auto grant = row.grant(); may_see(principal, grant)) grants.push_back(std::move(grant));
    }
    return grants;
  });
}

Result<ApprovalGrant> Grants::revoke(const Actor& actor, std::string_view id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalGrant> {
    const auto& principal = actor.principal;
    auto grant = load(session, id);
    if (!grant) return grant;
    if (!may_see(principal, *grant)) return no_such("approval grant", id);
    if (!principal.may(Role::admin) && !is_given_by(principal, *grant) && !is_given_to(principal, *grant)) {
      return fail(ErrorCode::forbidden, "a grant is revoked by who got it, who gave it, or an admin");
    }
    if (grant->revoked_at) return grant;
    if (grant->consumed_at) return fail(ErrorCode::conflict, "approval grant " + grant->id + " has already been used");
    grant->revoked_at = model::now();
    const long long now = number_of(*grant->revoked_at);
    store::Statement update{session};
    update.use(now, "now").use(grant->id, "id");
    update.prepare("UPDATE approval_grants SET revoked_at = :now WHERE id = :id");
    update.change();
    if (auto logged = log(session, actor, "approval_grant.revoke", *grant); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return grant;
  });
}

Result<bool> Grants::is_consumed(const model::ApprovalRequest& request) {
  return database_.read([&](soci::session& session) -> Result<bool> {
    int found = 0;
    store::Statement query{session};
    query.into(found).use(request.action.agent, "agent").use(request.action.tool, "tool").use(request.id, "request");
    query.prepare(
        "SELECT 1 FROM approval_grants WHERE agent = :agent AND tool = :tool AND request_id = :request "
        "AND consumed_at IS NOT NULL LIMIT 1");
    return query.fetch();
  });
}

}  // namespace runagents::server
