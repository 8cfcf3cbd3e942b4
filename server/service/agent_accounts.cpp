#include "server/service/agent_accounts.hpp"

#include <utility>

#include "core/store/statement.hpp"
#include "server/service/account_row.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/plain_text.hpp"
#include "server/service/random_secret.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

using model::AgentAccount;
using std::chrono::seconds;

constexpr std::string_view client_prefix = "client_";
constexpr std::string_view secret_prefix = "secret_";
constexpr seconds max_grace = std::chrono::days{7};
constexpr std::chrono::minutes last_used_exactness{1};

Result<void> check_name(const std::string& name) {
  if (name.starts_with(client_prefix)) return fail(ErrorCode::usage, "\"name\" must not look like a client id");
  return check_unique_name("name", name);
}

Result<void> check_name_is_free(soci::session& session, const AgentAccount& account) {
  std::string other;
  store::Statement query{session};
  query.into(other).use(account.name, "name").use(account.id, "id");
  query.prepare("SELECT id FROM agent_accounts WHERE name = :name AND id <> :id");
  if (!query.fetch()) return {};
  return fail(ErrorCode::conflict, "there is an agent account \"" + account.name + "\" already");
}

Result<AgentAccount> load_own(soci::session& session, const Actor& actor, std::string_view id_or_name) {
  auto account = load_account(session, id_or_name);
  if (!account || may_change(actor.principal, *account)) return account;
  return fail(ErrorCode::forbidden,
              "the agent account \"" + account->name + "\" may be changed by its owner or an admin only");
}

void insert(soci::session& session, const AgentAccount& account) {
  const long long created_at = number_of(account.created_at);
  store::Statement statement{session};
  statement.use(account.id, "id").use(account.name, "name").use(account.description, "description");
  statement.use(account.client_id, "client_id").use(account.owner_user_id, "owner").use(created_at, "now");
  statement.prepare(
      "INSERT INTO agent_accounts (id, name, description, client_id, is_active, owner_user_id, created_at, updated_at) "
      "VALUES (:id, :name, :description, :client_id, 1, :owner, :now, :now)");
  statement.change();
}

void update(soci::session& session, const AgentAccount& account) {
  const int is_active = account.is_active ? 1 : 0;
  const long long updated_at = number_of(account.updated_at);
  NullableTime rotated_at{account.secret_rotated_at};
  store::Statement statement{session};
  statement.use(account.name, "name").use(account.description, "description").use(is_active, "is_active");
  statement.use(updated_at, "updated_at").use(account.id, "id");
  rotated_at.use(statement, "rotated_at");
  statement.prepare(
      "UPDATE agent_accounts SET name = :name, description = :description, is_active = :is_active, "
      "updated_at = :updated_at, secret_rotated_at = :rotated_at WHERE id = :id");
  statement.change();
}

void insert_secret(soci::session& session, const std::string& account, const config::Secret& secret, model::Time now) {
  const std::string digest = digest_of(secret.reveal());
  const long long created_at = number_of(now);
  store::Statement statement{session};
  statement.use(account, "account").use(digest, "digest").use(created_at, "now");
  statement.prepare("INSERT INTO account_secrets (account_id, digest, created_at) VALUES (:account, :digest, :now)");
  statement.change();
}

void change_by(soci::session& session, const std::string& account, long long time, const std::string& sql) {
  store::Statement statement{session};
  statement.use(account, "account");
  if (sql.contains(":time")) statement.use(time, "time");
  statement.prepare(sql);
  statement.change();
}

void end_secrets(soci::session& session, const std::string& account, model::Time now, seconds grace) {
  change_by(session, account, number_of(now + grace),
            "UPDATE account_secrets SET expires_at = :time WHERE account_id = :account "
            "AND (expires_at IS NULL OR expires_at > :time)");
  change_by(session, account, number_of(now),
            "DELETE FROM account_secrets WHERE account_id = :account AND expires_at <= :time");
}

Result<void> log(soci::session& session, const Actor& actor, std::string action, const std::string& account) {
  return AuditLog::add(session, actor, {.action = std::move(action), .account_id = account, .object = account});
}

std::string action_of(const AgentAccount& before, const AgentAccount& after) {
  if (before.is_active == after.is_active) return "agent_account.update";
  return after.is_active ? "agent_account.reactivate" : "agent_account.deactivate";
}

bool has_secret(soci::session& session, const std::string& account, const std::string& digest, model::Time time) {
  int found = 0;
  const long long now = number_of(time);
  store::Statement query{session};
  query.into(found).use(account, "account").use(digest, "digest").use(now, "now");
  query.prepare(
      "SELECT 1 FROM account_secrets WHERE account_id = :account AND digest = :digest "
      "AND (expires_at IS NULL OR expires_at > :now)");
  return query.fetch();
}

}  // namespace

Result<AccountWithSecret> AgentAccounts::create(const Actor& actor, const std::string& name,
                                                const std::string& description) {
  if (!actor.principal.may(Role::developer)) {
    return fail(ErrorCode::forbidden, "agent accounts are made by developers and admins");
  }
  if (auto fit = check_name(name); !fit) return std::unexpected(std::move(fit.error()));
  if (auto fit = check_text("description", description, max_description_bytes); !fit) {
    return std::unexpected(std::move(fit.error()));
  }
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  const auto now = model::now();
  AgentAccount account{.id = *id,
                       .name = name,
                       .description = description,
                       .client_id = std::string{client_prefix} + auth::hex(auth::random_bytes(16)),
                       .is_active = true,
                       .owner_user_id = std::string{actor.principal.user_id()},
                       .created_at = now,
                       .updated_at = now,
                       .secret_rotated_at = {},
                       .last_used_at = {}};
  auto secret = new_secret(secret_prefix);
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<AccountWithSecret> {
    if (auto free = check_name_is_free(session, account); !free) return std::unexpected(std::move(free.error()));
    insert(session, account);
    insert_secret(session, account.id, secret, now);
    if (auto logged = log(session, actor, "agent_account.create", account.id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return AccountWithSecret{account, std::move(secret)};
  });
}

Result<AgentAccount> AgentAccounts::get(std::string_view id_or_name) {
  return database_.read([&](soci::session& session) { return load_account(session, id_or_name); });
}

Result<Page<AgentAccount>> AgentAccounts::list(const Actor& actor, const AccountFilter& filter, const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<AgentAccount>> {
    Listing listing{session, paging, "a.created_at", "a.id"};
    if (!filter.owner.empty()) {
      listing.where("a.owner_user_id = :owner", "owner", filtered_user(session, actor.principal, filter.owner));
    }
    if (filter.is_active) listing.where(*filter.is_active ? "a.is_active = 1" : "a.is_active = 0");
    return listing.run<AccountRow>({AccountRow::select});
  });
}

Result<AgentAccount> AgentAccounts::change(const Actor& actor, std::string_view id_or_name,
                                           const AccountChange& change) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<AgentAccount> {
    const auto before = load_own(session, actor, id_or_name);
    if (!before) return before;
    AgentAccount after = *before;
    after.name = change.name.value_or(before->name);
    after.description = change.description.value_or(before->description);
    after.is_active = change.is_active.value_or(before->is_active);
    if (after.name == before->name && after.description == before->description &&
        after.is_active == before->is_active) {
      return before;
    }
    if (auto fit = check_name(after.name); !fit) return std::unexpected(std::move(fit.error()));
    if (auto fit = check_text("description", after.description, max_description_bytes); !fit) {
      return std::unexpected(std::move(fit.error()));
    }
    if (auto free = check_name_is_free(session, after); !free) return std::unexpected(std::move(free.error()));
    after.updated_at = model::now();
    update(session, after);
    if (auto logged = log(session, actor, action_of(*before, after), after.id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return after;
  });
}

Result<AgentAccount> AgentAccounts::remove(const Actor& actor, std::string_view id_or_name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<AgentAccount> {
    const auto account = load_own(session, actor, id_or_name);
    if (!account) return account;
    const long long now = number_of(model::now());
    change_by(session, account->id, now, "DELETE FROM account_secrets WHERE account_id = :account");
    change_by(session, account->id, now, "DELETE FROM agent_accounts WHERE id = :account");
    change_by(session, account->id, now,
              "UPDATE delegations SET revoked_at = :time WHERE account_id = :account AND revoked_at IS NULL");
    change_by(session, account->id, now,
              "UPDATE session_grants SET revoked_at = :time, updated_at = :time, revoked_reason = 'account_deleted' "
              "WHERE account_id = :account AND revoked_at IS NULL");
    if (auto logged = log(session, actor, "agent_account.delete", account->id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return account;
  });
}

Result<AccountWithSecret> AgentAccounts::rotate_secret(const Actor& actor, std::string_view id_or_name, seconds grace) {
  if (grace < seconds{0} || grace > max_grace) {
    return fail(ErrorCode::usage,
                "\"grace_seconds\" must be a number from 0 to " + std::to_string(max_grace.count()) + " (7 days)");
  }
  auto secret = new_secret(secret_prefix);
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<AccountWithSecret> {
    auto account = load_own(session, actor, id_or_name);
    if (!account) return std::unexpected(std::move(account.error()));
    const auto now = model::now();
    account->updated_at = now;
    account->secret_rotated_at = now;
    end_secrets(session, account->id, now, grace);
    insert_secret(session, account->id, secret, now);
    update(session, *account);
    if (auto logged = log(session, actor, "agent_account.rotate_secret", account->id); !logged) {
      return std::unexpected(std::move(logged.error()));
    }
    return AccountWithSecret{std::move(*account), std::move(secret)};
  });
}

Result<AgentAccount> AgentAccounts::check_secret(std::string_view client_id, std::string_view secret) {
  const auto now = model::now();
  const auto digest = digest_of(secret);
  auto found = database_.read([&](soci::session& session) -> Result<std::optional<AgentAccount>> {
    auto account = find_account_of_client(session, std::string{client_id});
    if (!account || !account->is_active || !has_secret(session, account->id, digest, now)) return std::nullopt;
    return account;
  });
  if (!found) return std::unexpected(std::move(found.error()));
  if (!*found) return fail(ErrorCode::unauthenticated, "invalid_client", {}, "invalid_client");
  AgentAccount account = *std::move(*found);
  if (!account.last_used_at || now - *account.last_used_at >= last_used_exactness) {
    // Whether a note of the use can be taken must not decide about the use.
    auto noted = database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
      change_by(session, account.id, number_of(now),
                "UPDATE agent_accounts SET last_used_at = :time WHERE id = :account");
      return {};
    });
    static_cast<void>(noted);
  }
  return account;
}

}  // namespace runagents::server
