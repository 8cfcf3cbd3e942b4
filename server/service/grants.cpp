#include "server/service/grants.hpp"

#include "core/store/statement.hpp"
#include "server/service/approval_row.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

using model::ApprovalGrant;

std::string select(std::string_view rest) {
  return std::string{"SELECT "} + GrantRow::columns + " FROM approval_grants g " + std::string{rest};
}

// Every scope is tied to one agent and one tool.
constexpr std::string_view covering =
    "WHERE g.agent = :agent AND g.tool = :tool AND g.consumed_at IS NULL AND g.revoked_at IS NULL "
    "AND (g.expires_at IS NULL OR g.expires_at > :now) AND ("
    "(g.scope = 'run' AND g.run_id = :run AND g.capability = :capability) OR "
    "(g.scope = 'agent_user_ttl' AND g.end_user = :end_user AND g.expires_at IS NOT NULL) OR "
    "(g.scope = 'once' AND g.action_id = :action)) "
    "ORDER BY CASE g.scope WHEN 'once' THEN 1 ELSE 0 END, g.created_at, g.id LIMIT 1";

std::optional<ApprovalGrant> find_covering(soci::session& session, const model::Action& action,
                                           const std::string& action_digest, const std::string& run_id) {
  const long long now = number_of(model::now());
  GrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(action.agent, "agent").use(action.tool, "tool").use(now, "now").use(run_id, "run");
  query.use(action.capability, "capability").use(action.end_user, "end_user").use(action_digest, "action");
  query.prepare(select(covering));
  return query.fetch() ? std::optional{row.grant()} : std::nullopt;
}

// False when somebody else was faster.
bool consume(soci::session& session, const std::string& id, model::Time time) {
  const long long now = number_of(time);
  store::Statement update{session};
  update.use(now, "now").use(id, "id");
  update.prepare(
      "UPDATE approval_grants SET consumed_at = :now "
      "WHERE id = :id AND consumed_at IS NULL AND revoked_at IS NULL");
  return update.change() == 1;
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

Result<std::optional<ApprovalGrant>> Grants::use(const model::Action& action, const std::string& run_id) {
  const auto digest = action_id(action);
  if (!digest) return std::unexpected(digest.error());
  using Found = Result<std::optional<ApprovalGrant>>;
  auto found =
      database_.read([&](soci::session& session) -> Found { return find_covering(session, action, *digest, run_id); });
  if (!found) return found;
  if (const auto& grant = *found; !grant || grant->scope != model::Scope::once) return found;
  return database_.write(store::Durability::full, [&](soci::session& session) -> Found {
    auto grant = find_covering(session, action, *digest, run_id);
    if (!grant || grant->scope != model::Scope::once) return grant;
    grant->consumed_at = model::now();
    if (!consume(session, grant->id, *grant->consumed_at)) return std::optional<ApprovalGrant>{};
    return grant;
  });
}

Result<std::vector<ApprovalGrant>> Grants::list(bool with_spent) {
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
    while (query.fetch()) grants.push_back(row.grant());
    return grants;
  });
}

Result<ApprovalGrant> Grants::revoke(std::string_view id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApprovalGrant> {
    auto grant = load(session, id);
    if (!grant || grant->revoked_at) return grant;
    if (grant->consumed_at) return fail(ErrorCode::conflict, "approval grant " + grant->id + " has already been used");
    grant->revoked_at = model::now();
    const long long now = number_of(*grant->revoked_at);
    store::Statement update{session};
    update.use(now, "now").use(grant->id, "id");
    update.prepare("UPDATE approval_grants SET revoked_at = :now WHERE id = :id");
    update.change();
    return grant;
  });
}

}  // namespace runagents::server
