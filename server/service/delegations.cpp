#include "server/service/delegations.hpp"

#include <algorithm>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/account_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/listing.hpp"
#include "server/service/nullable_time.hpp"
#include "server/service/server_row.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

using model::Delegation;

constexpr std::size_t max_servers = 256;

struct DelegationRow {
  static constexpr const char* select =
      "SELECT d.id, d.created_at, d.account_id, d.user_id, u.email, d.server_ids, d.expires_at, d.revoked_at "
      "FROM delegations d JOIN users u ON u.id = d.user_id";

  void bind(store::Statement& query) {
    query.into(delegation.id).into(created_at).into(delegation.account_id).into(delegation.user_id);
    query.into(delegation.user_email).into(server_ids);
    expires_at.into(query);
    revoked_at.into(query);
  }
  [[nodiscard]] Delegation value() const {
    Delegation complete = delegation;
    complete.created_at = time_of(created_at);
    if (!server_ids.empty()) complete.server_ids = texts_of(server_ids);
    complete.expires_at = expires_at.time();
    complete.revoked_at = revoked_at.time();
    return complete;
  }
  [[nodiscard]] Position position() const { return {created_at, delegation.id}; }

  Delegation delegation;
  std::string server_ids;
  long long created_at = 0;
  NullableTime expires_at, revoked_at;
};

std::optional<Delegation> find_unrevoked(soci::session& session, const std::string& account, const std::string& user) {
  DelegationRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(account, "account").use(user, "user");
  query.prepare(std::string{DelegationRow::select} +
                " WHERE d.account_id = :account AND d.user_id = :user AND d.revoked_at IS NULL");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

std::optional<Delegation> find(soci::session& session, const std::string& id) {
  DelegationRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(id, "id");
  query.prepare(std::string{DelegationRow::select} + " WHERE d.id = :id");
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

void insert(soci::session& session, const Delegation& delegation) {
  const std::string server_ids = delegation.server_ids ? text_of(*delegation.server_ids) : "";
  const long long created_at = number_of(delegation.created_at);
  NullableTime expires_at{delegation.expires_at};
  store::Statement statement{session};
  statement.use(delegation.id, "id").use(delegation.account_id, "account").use(delegation.user_id, "user");
  statement.use(server_ids, "server_ids").use(created_at, "created_at");
  expires_at.use(statement, "expires_at");
  statement.prepare(
      "INSERT INTO delegations (id, account_id, user_id, server_ids, created_at, expires_at) VALUES (:id, :account, "
      ":user, :server_ids, :created_at, :expires_at)");
  statement.change();
}

void set_revoked(soci::session& session, const std::string& id, model::Time time) {
  const long long now = number_of(time);
  store::Statement update{session};
  update.use(now, "now").use(id, "id");
  update.prepare("UPDATE delegations SET revoked_at = :now WHERE id = :id");
  update.change();
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const Delegation& delegation) {
  return AuditLog::add(session, actor,
                       {.action = std::move(action),
                        .user_id = delegation.user_id,
                        .account_id = delegation.account_id,
                        .object = delegation.id});
}

// The servers by their ids; each once, sorted, so that equal sets are equal lists.
Result<std::vector<std::string>> server_ids(soci::session& session, const Principal& principal,
                                            const std::vector<std::string>& servers) {
  if (servers.size() > max_servers) return fail(ErrorCode::usage, "a delegation names at most 256 servers");
  std::vector<std::string> ids;
  for (const auto& one : servers) {
    const auto server = load_server(session, principal, one);
    if (!server) return std::unexpected(server.error());
    ids.push_back(server->id);
  }
  std::ranges::sort(ids);
  const auto rest = std::ranges::unique(ids);
  ids.erase(rest.begin(), rest.end());
  return ids;
}

bool is_self(const Principal& principal, const std::string& user) {
  return principal.is_person() && !principal.user_id().empty() && principal.user_id() == user;
}

// Developers, admins and the account's owner see all delegations to it, everybody their own.
Result<Delegation> load_visible(soci::session& session, const Principal& principal, std::string_view id) {
  const auto text = reference(id);
  auto delegation = is_uuid(text) ? find(session, text) : std::nullopt;
  if (!delegation) return no_such("delegation", id);
  if (principal.may(Role::developer) || is_self(principal, delegation->user_id)) return *std::move(delegation);
  const auto account = load_account(session, delegation->account_id);
  if (!account || !is_self(principal, account->owner_user_id)) return no_such("delegation", id);
  return *std::move(delegation);
}

// Who sees it may end it as the delegator, as the owner of the account or as an admin.
bool may_revoke(soci::session& session, const Principal& principal, const Delegation& delegation) {
  if (principal.may(Role::admin) || is_self(principal, delegation.user_id)) return true;
  const auto account = load_account(session, delegation.account_id);
  return account && is_self(principal, account->owner_user_id);
}

void narrow_to_active(Listing& listing, std::optional<bool> active) {
  if (!active) return;
  constexpr std::string_view is_active = "d.revoked_at IS NULL AND (d.expires_at IS NULL OR d.expires_at > :now)";
  const std::string condition = *active ? std::string{is_active} : "NOT (" + std::string{is_active} + ")";
  listing.where(condition, "now", number_of(model::now()));
}

}  // namespace

Result<Delegations::Created> Delegations::create(const Actor& actor, std::string_view account_name,
                                                 const NewDelegation& wanted) {
  const auto now = model::now();
  if (wanted.expires_at && *wanted.expires_at <= now) {
    return fail(ErrorCode::usage, "\"expires_at\" must lie in the future");
  }
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Created> {
    const auto account = load_account(session, account_name);
    if (!account) return std::unexpected(account.error());
    const auto user = load_subject(session, actor.principal, wanted.user);
    if (!user) return std::unexpected(user.error());
    if (!user->is_active) return fail(ErrorCode::conflict, user->email + " is deactivated");
    Delegation delegation{.id = *id,
                          .account_id = account->id,
                          .user_id = user->id,
                          .user_email = user->email,
                          .server_ids = {},
                          .created_at = now,
                          .expires_at = wanted.expires_at,
                          .revoked_at = {}};
    if (wanted.servers) {
      auto ids = server_ids(session, actor.principal, *wanted.servers);
      if (!ids) return std::unexpected(std::move(ids.error()));
      delegation.server_ids = std::move(*ids);
    }
    if (auto known = find_unrevoked(session, account->id, user->id)) {
      if (known->is_active(now)) {
        if (known->server_ids == delegation.server_ids && known->expires_at == delegation.expires_at) {
          return Created{*std::move(known), false};
        }
        return fail(ErrorCode::conflict, user->email + " has delegated to \"" + account->name + "\" already",
                    "revoke delegation " + known->id + " first");
      }
      set_revoked(session, known->id, *known->expires_at);
    }
    insert(session, delegation);
    if (auto logged = log(session, actor, "delegation.create", delegation); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return Created{std::move(delegation), true};
  });
}

Result<Page<Delegation>> Delegations::list(const Actor& actor, std::string_view account_name,
                                           const DelegationFilter& filter, const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<Delegation>> {
    const auto account = load_account(session, account_name);
    if (!account) return std::unexpected(account.error());
    Listing listing{session, paging, "d.created_at", "d.id"};
    listing.where("d.account_id = :account", "account", account->id);
    if (!actor.principal.may(Role::developer) && !is_self(actor.principal, account->owner_user_id)) {
      if (!actor.principal.is_person()) return fail(ErrorCode::forbidden, "an agent account may not list delegations");
      listing.where("d.user_id = :me", "me", std::string{actor.principal.user_id()});
    }
    if (!filter.user_id.empty()) {
      listing.where("d.user_id = :user", "user", filtered_user(session, actor.principal, filter.user_id));
    }
    if (!filter.user_email.empty()) {
      const auto user = find_user_of_email(session, filter.user_email);
      listing.where("d.user_id = :email_user", "email_user", user ? user->id : "");
    }
    narrow_to_active(listing, filter.active);
    return listing.run<DelegationRow>({DelegationRow::select});
  });
}

Result<Page<Delegation>> Delegations::list_of_user(std::string_view user_id, std::optional<bool> active,
                                                   const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<Delegation>> {
    Listing listing{session, paging, "d.created_at", "d.id"};
    listing.where("d.user_id = :user", "user", std::string{user_id});
    narrow_to_active(listing, active);
    return listing.run<DelegationRow>({DelegationRow::select});
  });
}

Result<Delegation> Delegations::get(const Actor& actor, std::string_view id) {
  return database_.read([&](soci::session& session) { return load_visible(session, actor.principal, id); });
}

Result<Delegation> Delegations::revoke(const Actor& actor, std::string_view id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<Delegation> {
    auto delegation = load_visible(session, actor.principal, id);
    if (!delegation) return delegation;
    if (!may_revoke(session, actor.principal, *delegation)) {
      return fail(ErrorCode::forbidden,
                  "a delegation is revoked by who gave it, by the owner of the agent account or by an admin");
    }
    if (delegation->revoked_at) return delegation;
    delegation->revoked_at = model::now();
    set_revoked(session, delegation->id, *delegation->revoked_at);
    if (auto logged = log(session, actor, "delegation.revoke", *delegation); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return delegation;
  });
}

Result<std::optional<Delegation>> Delegations::active_for(std::string_view account_id, std::string_view user_id) {
  return database_.read([&](soci::session& session) -> Result<std::optional<Delegation>> {
    auto delegation = find_unrevoked(session, std::string{account_id}, std::string{user_id});
    if (!delegation || !delegation->is_active(model::now())) return std::nullopt;
    return delegation;
  });
}

}  // namespace runagents::server
