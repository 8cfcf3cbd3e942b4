#include "server/service/session_grants.hpp"

#include <utility>
#include <vector>

#include "core/store/statement.hpp"
#include "server/service/account_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/grant_row.hpp"
#include "server/service/identifier.hpp"
#include "server/service/server_row.hpp"
#include "server/service/session_row.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

using model::SessionGrant;

Result<void> log(soci::session& session, const Actor& actor, std::string action, const SessionGrant& grant) {
  return AuditLog::add(session, actor,
                       {.action = std::move(action),
                        .user_id = grant.grantor_user_id,
                        .account_id = grant.account_id,
                        .server_id = grant.server_id,
                        .object = grant.id});
}

void insert(soci::session& session, const SessionGrant& grant) {
  const int shared = grant.shared ? 1 : 0;
  const long long now = number_of(grant.created_at);
  store::Statement statement{session};
  statement.use(grant.id, "id").use(grant.account_id, "account").use(grant.server_id, "server");
  statement.use(grant.grantor_user_id, "grantor").use(shared, "shared").use(now, "now");
  statement.prepare(
      "INSERT INTO session_grants (id, account_id, server_id, grantor_user_id, shared, created_at, updated_at) VALUES "
      "(:id, :account, :server, :grantor, :shared, :now, :now)");
  statement.change();
}

void update_shared(soci::session& session, const SessionGrant& grant) {
  const int shared = grant.shared ? 1 : 0;
  const long long now = number_of(grant.updated_at);
  store::Statement statement{session};
  statement.use(shared, "shared").use(now, "now").use(grant.id, "id");
  statement.prepare("UPDATE session_grants SET shared = :shared, updated_at = :now WHERE id = :id");
  statement.change();
}

void update_revoked(soci::session& session, const SessionGrant& grant) {
  const long long now = number_of(grant.updated_at);
  store::Statement statement{session};
  statement.use(now, "now").use(grant.revoked_reason, "reason").use(grant.id, "id");
  statement.prepare(
      "UPDATE session_grants SET revoked_at = :now, updated_at = :now, revoked_reason = :reason WHERE id = :id");
  statement.change();
}

Result<void> revoke_one(soci::session& session, const Actor& actor, SessionGrant& grant, std::string reason) {
  grant.updated_at = model::now();
  grant.revoked_at = grant.updated_at;
  grant.revoked_reason = std::move(reason);
  update_revoked(session, grant);
  return log(session, actor, "session_grant.revoke", grant);
}

std::vector<SessionGrant> find_others(soci::session& session, const SessionGrant& grant) {
  SessionGrantRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(grant.account_id, "account").use(grant.server_id, "server").use(grant.grantor_user_id, "grantor");
  query.prepare(std::string{SessionGrantRow::select} +
                " WHERE g.account_id = :account AND g.server_id = :server AND g.revoked_at IS NULL "
                "AND g.grantor_user_id <> :grantor");
  std::vector<SessionGrant> grants;
  while (query.fetch()) grants.push_back(row.value());
  return grants;
}

// The unique index lets one shared grant be: the others go first.
Result<void> revoke_others(soci::session& session, const Actor& actor, const SessionGrant& grant) {
  for (auto& other : find_others(session, grant)) {
    if (auto revoked = revoke_one(session, actor, other, "superseded"); !revoked) return revoked;
  }
  return {};
}

Result<SessionGrant> share(soci::session& session, const Actor& actor, SessionGrant grant, bool shared) {
  if (grant.shared == shared) return grant;
  if (shared) {
    if (auto revoked = revoke_others(session, actor, grant); !revoked) return std::unexpected(revoked.error());
  }
  grant.shared = shared;
  grant.updated_at = model::now();
  update_shared(session, grant);
  auto logged = log(session, actor, shared ? "session_grant.promote" : "session_grant.demote", grant);
  if (!logged) return std::unexpected(std::move(logged.error()));
  return grant;
}

Result<void> check_session(soci::session& session, const model::McpServer& server, const model::User& grantor) {
  if (!server.needs_oauth()) {
    return fail(ErrorCode::usage, "the server \"" + server.name + "\" does not use OAuth, so it needs no session grant",
                {}, "server_has_no_oauth");
  }
  const auto row = find_session(session, server.id, grantor.id);
  if (row && row->value().is_active(model::now())) return {};
  return fail(ErrorCode::usage,
              "OAuth session not found: " + grantor.email + " must connect to \"" + server.name + "\" first",
              "connect to the server, then grant its use", "no_oauth_session");
}

struct Pair {
  model::AgentAccount account;
  model::McpServer server;
  model::User grantor;
};

Result<Pair> load_pair(soci::session& session, const Actor& actor, std::string_view account, std::string_view server,
                       std::string_view user) {
  // Nobody but the owner of the embedded store, who is no user, grants what is somebody else's.
  if (!user.empty() && !actor.principal.is_local()) {
    return fail(ErrorCode::forbidden, "a session grant is made by the grantor");
  }
  auto grantor = load_subject(session, actor.principal, user);
  if (!grantor) return std::unexpected(std::move(grantor.error()));
  auto known_account = load_account(session, account);
  if (!known_account) return std::unexpected(std::move(known_account.error()));
  auto known_server = load_server(session, actor.principal, server);
  if (!known_server) return std::unexpected(std::move(known_server.error()));
  return Pair{*std::move(known_account), *std::move(known_server), *std::move(grantor)};
}

std::optional<SessionGrant> find_named(soci::session& session, std::string_view id) {
  const auto text = reference(id);
  return is_uuid(text) ? find_grant(session, text) : std::nullopt;
}

bool is_grantor(const Principal& principal, const SessionGrant& grant) {
  if (principal.is_local()) return true;
  return principal.kind == Principal::Kind::user && !principal.user_id().empty() &&
         principal.user_id() == grant.grantor_user_id;
}

}  // namespace

Result<SessionGrants::Created> SessionGrants::create(const Actor& actor, std::string_view account,
                                                     std::string_view server, bool shared, std::string_view user) {
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Created> {
    const auto pair = load_pair(session, actor, account, server, user);
    if (!pair) return std::unexpected(pair.error());
    if (auto fit = check_session(session, pair->server, pair->grantor); !fit) {
      return std::unexpected(std::move(fit.error()));
    }
    if (auto known = find_grant(session, pair->account.id, pair->server.id, pair->grantor.id)) {
      if (known->shared == shared) return Created{*std::move(known), false};
      return fail(ErrorCode::conflict,
                  std::string{"there is a "} + (known->shared ? "shared" : "personal") + " grant for it already",
                  "change it with PATCH /session-grants/" + known->id + " or the toggle");
    }
    SessionGrant grant;
    grant.id = *id;
    grant.account_id = pair->account.id;
    grant.server_id = pair->server.id;
    grant.grantor_user_id = pair->grantor.id;
    grant.grantor_email = pair->grantor.email;
    grant.shared = shared;
    grant.created_at = grant.updated_at = model::now();
    if (shared) {
      if (auto revoked = revoke_others(session, actor, grant); !revoked) return std::unexpected(revoked.error());
    }
    insert(session, grant);
    if (auto logged = log(session, actor, "session_grant.create", grant); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return Created{std::move(grant), true};
  });
}

Result<Page<SessionGrant>> SessionGrants::list(const Actor& actor, std::string_view account, const GrantFilter& filter,
                                               const Paging& paging) {
  if (!actor.principal.is_person()) return fail(ErrorCode::forbidden, "an agent account may not list session grants");
  return database_.read([&](soci::session& session) -> Result<Page<SessionGrant>> {
    const auto known_account = load_account(session, account);
    if (!known_account) return std::unexpected(known_account.error());
    Listing listing{session, paging, "g.created_at", "g.id"};
    if (!filter.server.empty()) {
      const auto server = load_server(session, actor.principal, filter.server);
      if (!server) return std::unexpected(server.error());
      listing.where("g.server_id = :server", "server", server->id);
    }
    if (filter.active) listing.where(*filter.active ? "g.revoked_at IS NULL" : "g.revoked_at IS NOT NULL");
    listing.where("", "account", known_account->id);
    const std::string all = std::string{SessionGrantRow::select} + " WHERE g.account_id = :account";
    if (actor.principal.is_local()) return listing.run<SessionGrantRow>({all});
    listing.where("", "me", std::string{actor.principal.user_id()});
    // Two selections, so that each goes by its own index.
    return listing.run<SessionGrantRow>(
        {all + " AND g.grantor_user_id = :me", all + " AND g.shared = 1 AND g.grantor_user_id <> :me"});
  });
}

Result<SessionGrant> SessionGrants::toggle(const Actor& actor, std::string_view account, std::string_view server,
                                           std::string_view user) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<SessionGrant> {
    const auto pair = load_pair(session, actor, account, server, user);
    if (!pair) return std::unexpected(pair.error());
    auto grant = find_grant(session, pair->account.id, pair->server.id, pair->grantor.id);
    if (!grant) {
      return fail(ErrorCode::not_found, pair->grantor.email + " has no session grant for \"" + pair->account.name +
                                            "\" on \"" + pair->server.name + "\"");
    }
    const bool shared = !grant->shared;
    return share(session, actor, *std::move(grant), shared);
  });
}

Result<SessionGrant> SessionGrants::set_shared(const Actor& actor, std::string_view id, bool shared) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<SessionGrant> {
    auto grant = find_named(session, id);
    if (!grant || !is_grantor(actor.principal, *grant)) return no_such("session grant", id);
    if (!grant->is_active()) return fail(ErrorCode::conflict, "the session grant was revoked", "create another one");
    return share(session, actor, *std::move(grant), shared);
  });
}

Result<SessionGrant> SessionGrants::revoke(const Actor& actor, std::string_view id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<SessionGrant> {
    auto grant = find_named(session, id);
    if (!grant || !(is_grantor(actor.principal, *grant) || actor.principal.may(Role::admin))) {
      return no_such("session grant", id);
    }
    if (!grant->is_active()) return *std::move(grant);
    if (auto revoked = revoke_one(session, actor, *grant, "revoked"); !revoked) {
      return std::unexpected(std::move(revoked.error()));
    }
    return *std::move(grant);
  });
}

}  // namespace runagents::server
