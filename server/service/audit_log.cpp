#include "server/service/audit_log.hpp"

#include <array>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/account_row.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/listing.hpp"
#include "server/service/server_row.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

using model::AuditEntry;

struct EntryRow {
  void bind(store::Statement& query) {
    query.into(entry.id).into(at).into(entry.action).into(entry.actor_kind).into(entry.actor_id).into(entry.user_id);
    query.into(entry.account_id).into(entry.server_id).into(entry.object).into(entry.outcome).into(entry.request_id);
    query.into(entry.detail);
  }
  [[nodiscard]] AuditEntry value() const {
    AuditEntry complete = entry;
    complete.at = time_of(at);
    return complete;
  }
  [[nodiscard]] Position position() const { return {at, entry.id}; }

  AuditEntry entry;
  long long at = 0;
};

constexpr const char* select =
    "SELECT a.id, a.at, a.action, a.actor_kind, a.actor_id, a.user_id, a.account_id, a.server_id, a.object, a.outcome, "
    "a.request_id, a.detail FROM audit_log a";

std::string_view word(Principal::Kind kind) {
  constexpr std::array<std::string_view, 4> words = {"local", "user", "account", "delegated"};
  return words[static_cast<std::size_t>(kind)];
}

void fill_in(AuditEntry& entry, const Actor& actor) {
  const Principal& principal = actor.principal;
  const std::string account = principal.account ? principal.account->id : "";
  const std::string user{principal.user_id()};
  entry.actor_kind = word(principal.kind);
  entry.actor_id = principal.account ? account : user;
  if (entry.account_id.empty()) entry.account_id = account;
  if (entry.user_id.empty()) entry.user_id = user;
  entry.request_id = actor.request_id;
  if (entry.outcome.empty()) entry.outcome = "ok";
}

void insert(soci::session& session, const AuditEntry& entry) {
  const long long at = number_of(entry.at);
  store::Statement statement{session};
  statement.use(entry.id, "id").use(at, "at").use(entry.action, "action").use(entry.actor_kind, "actor_kind");
  statement.use(entry.actor_id, "actor_id").use(entry.user_id, "user_id").use(entry.account_id, "account_id");
  statement.use(entry.server_id, "server_id").use(entry.object, "object").use(entry.outcome, "outcome");
  statement.use(entry.request_id, "request_id").use(entry.detail, "detail");
  statement.prepare(
      "INSERT INTO audit_log (id, at, action, actor_kind, actor_id, user_id, account_id, server_id, object, outcome, "
      "request_id, detail) VALUES (:id, :at, :action, :actor_kind, :actor_id, :user_id, :account_id, :server_id, "
      ":object, :outcome, :request_id, :detail)");
  statement.change();
}

// What names nothing is left as it is, and matches nothing.
std::string account_id(soci::session& session, const std::string& named) {
  const auto account = load_account(session, named);
  return account ? account->id : reference(named);
}

std::string server_id(soci::session& session, const Principal& principal, const std::string& named) {
  const auto server = load_server(session, principal, named);
  return server ? server->id : reference(named);
}

std::string actor_id(soci::session& session, const Principal& principal, const std::string& named) {
  auto user = filtered_user(session, principal, named);
  return is_uuid(user) ? user : account_id(session, named);
}

void narrow(Listing& listing, soci::session& session, const Principal& principal, const AuditFilter& filter) {
  const auto equal = [&](const char* name, std::string value) {
    listing.where(std::string{"a."} + name + " = :" + name, name, std::move(value));
  };
  if (!filter.action.empty()) equal("action", filter.action);
  if (!filter.server.empty()) equal("server_id", server_id(session, principal, filter.server));
  if (!filter.account.empty()) equal("account_id", account_id(session, filter.account));
  if (!filter.user.empty()) equal("user_id", filtered_user(session, principal, filter.user));
  if (!filter.actor.empty()) equal("actor_id", actor_id(session, principal, filter.actor));
  if (filter.from) listing.where("a.at >= :from_time", "from_time", number_of(*filter.from));
  if (filter.until) listing.where("a.at < :until_time", "until_time", number_of(*filter.until));
}

}  // namespace

Result<void> AuditLog::add(soci::session& session, const Actor& actor, AuditEntry entry) {
  const auto now = std::chrono::system_clock::now();
  auto id = new_ordered_uuid(now);
  if (!id) return std::unexpected(id.error());
  entry.id = std::move(*id);
  if (entry.at == model::Time{}) entry.at = std::chrono::floor<model::Time::duration>(now);
  fill_in(entry, actor);
  insert(session, entry);
  return {};
}

Result<void> AuditLog::add(const Actor& actor, AuditEntry entry) {
  return database_.append(store::Durability::normal,
                          [&](soci::session& session) { return add(session, actor, std::move(entry)); });
}

Result<Page<AuditEntry>> AuditLog::list(const Actor& actor, const AuditFilter& filter, const Paging& paging) {
  if (!actor.principal.is_person()) return fail(ErrorCode::forbidden, "an agent account may not read the audit log");
  return database_.read([&](soci::session& session) -> Result<Page<AuditEntry>> {
    Listing listing{session, paging, "a.at", "a.id"};
    narrow(listing, session, actor.principal, filter);
    if (actor.principal.may(Role::admin)) return listing.run<EntryRow>({select});
    listing.where("", "me", std::string{actor.principal.user_id()});
    const std::string own{select};
    return listing.run<EntryRow>(
        {own + " WHERE a.actor_id = :me", own + " WHERE a.user_id = :me AND a.actor_id <> :me"});
  });
}

}  // namespace runagents::server
