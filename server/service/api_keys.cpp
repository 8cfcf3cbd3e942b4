#include "server/service/api_keys.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/listing.hpp"
#include "server/service/nullable_time.hpp"
#include "server/service/plain_text.hpp"
#include "server/service/random_secret.hpp"
#include "server/service/user_row.hpp"
#include "server/service/users.hpp"

namespace runagents::server {
namespace {

using model::ApiKey;
using std::chrono::minutes;

constexpr std::string_view key_prefix = "rl_";
// Enough to tell a user's keys apart, and 2^226 tries away from the whole.
constexpr std::size_t shown_prefix_size = key_prefix.size() + 5;
constexpr minutes last_used_exactness{1};

struct KeyRow {
  static constexpr const char* select =
      "SELECT k.id, k.created_at, k.user_id, k.name, k.prefix, k.role, k.expires_at, k.last_used_at, k.revoked_at "
      "FROM api_keys k";

  void bind(store::Statement& query) {
    query.into(key.id).into(created_at).into(key.user_id).into(key.name).into(key.prefix).into(role);
    expires_at.into(query);
    last_used_at.into(query);
    revoked_at.into(query);
  }
  [[nodiscard]] ApiKey value() const {
    ApiKey complete = key;
    complete.role = model::role_of(role).value_or(model::Role::user);
    complete.created_at = time_of(created_at);
    complete.expires_at = expires_at.time();
    complete.last_used_at = last_used_at.time();
    complete.revoked_at = revoked_at.time();
    return complete;
  }
  [[nodiscard]] Position position() const { return {created_at, key.id}; }

  ApiKey key;
  std::string role;
  long long created_at = 0;
  NullableTime expires_at, last_used_at, revoked_at;
};

std::vector<ApiKey> find_two(soci::session& session, const std::string& condition, const std::string& value,
                             const std::string& owner) {
  KeyRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(value, "value");
  std::string where = " WHERE " + condition;
  if (!owner.empty()) {
    query.use(owner, "owner");
    where += " AND k.user_id = :owner";
  }
  query.prepare(KeyRow::select + where + " LIMIT 2");
  std::vector<ApiKey> keys;
  while (query.fetch()) keys.push_back(row.value());
  return keys;
}

// Of the keys that the principal may revoke.
Result<ApiKey> load(soci::session& session, const Principal& principal, std::string_view id_or_name) {
  const auto text = reference(id_or_name);
  const bool sees_all = principal.may(Role::admin);
  const std::string owner{sees_all ? std::string_view{} : principal.user_id()};
  if (!sees_all && owner.empty()) return no_such("API key", id_or_name);
  std::vector<ApiKey> keys;
  if (is_uuid(text)) {
    keys = find_two(session, "k.id = :value", text, owner);
  } else if (text.starts_with(key_prefix)) {
    keys = find_two(session, "k.prefix = :value AND k.revoked_at IS NULL", text, owner);
  } else if (!principal.user_id().empty()) {
    keys = find_two(session, "k.name = :value AND k.revoked_at IS NULL", text, std::string{principal.user_id()});
  }
  if (keys.size() != 1) return no_such("API key", id_or_name);
  return keys.front();
}

void insert(soci::session& session, const ApiKey& key, const std::string& digest) {
  const std::string role{word(key.role)};
  const long long created_at = number_of(key.created_at);
  NullableTime expires_at{key.expires_at};
  store::Statement statement{session};
  statement.use(key.id, "id").use(key.user_id, "user_id").use(key.name, "name").use(key.prefix, "prefix");
  statement.use(digest, "digest").use(role, "role").use(created_at, "created_at");
  expires_at.use(statement, "expires_at");
  statement.prepare(
      "INSERT INTO api_keys (id, user_id, name, prefix, digest, role, created_at, expires_at) VALUES (:id, :user_id, "
      ":name, :prefix, :digest, :role, :created_at, :expires_at)");
  statement.change();
}

void set_time(soci::session& session, const std::string& column, const std::string& id, model::Time time) {
  const long long now = number_of(time);
  store::Statement update{session};
  update.use(now, "now").use(id, "id");
  update.prepare("UPDATE api_keys SET " + column + " = :now WHERE id = :id");
  update.change();
}

struct Found {
  ApiKey key;
  std::optional<model::User> owner;
};

Result<std::optional<Found>> find_digest(soci::session& session, const std::string& digest) {
  KeyRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(digest, "digest");
  query.prepare(std::string{KeyRow::select} + " WHERE k.digest = :digest");
  if (!query.fetch()) return std::nullopt;
  Found found{row.value(), {}};
  found.owner = find_user(session, found.key.user_id);
  return found;
}

std::unexpected<Error> invalid(std::string message, std::string hint = {}) {
  return fail(ErrorCode::unauthenticated, std::move(message), std::move(hint), "invalid_api_key");
}

Result<void> check(const NewApiKey& wanted) {
  if (wanted.name.empty()) return fail(ErrorCode::usage, "an API key needs a \"name\"");
  if (auto fit = check_unique_name("name", wanted.name); !fit) return std::unexpected(std::move(fit.error()));
  if (wanted.name.starts_with(key_prefix)) return fail(ErrorCode::usage, "\"name\" must not look like an API key");
  if (wanted.expires_at && *wanted.expires_at <= model::now()) {
    return fail(ErrorCode::usage, "\"expires_at\" must lie in the future");
  }
  return {};
}

Result<CreatedApiKey> create_in(soci::session& session, const Actor& actor, const NewApiKey& wanted) {
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  const auto owner = load_subject(session, actor.principal, wanted.user);
  if (!owner) return std::unexpected(owner.error());
  if (!owner->is_active) return fail(ErrorCode::conflict, owner->email + " is deactivated");
  // A key never gives more than the credential that made it.
  const auto most = std::min(owner->role, actor.principal.role);
  if (wanted.role && *wanted.role > most) {
    return fail(ErrorCode::forbidden,
                "the key's role may be \"" + std::string{word(most)} + "\" at most, as the owner's and the maker's");
  }
  const auto& last = actor.principal.ends_at;
  if (last && wanted.expires_at && *wanted.expires_at > *last) {
    return fail(ErrorCode::forbidden,
                "the key may live until " + model::to_iso8601(*last) + " at most, as the key that makes it");
  }
  auto value = new_secret(key_prefix);
  ApiKey key{.id = *id,
             .user_id = owner->id,
             .name = wanted.name,
             .prefix = std::string{value.reveal().substr(0, shown_prefix_size)},
             .role = wanted.role.value_or(most),
             .created_at = model::now(),
             .expires_at = wanted.expires_at ? wanted.expires_at : last,
             .last_used_at = {},
             .revoked_at = {}};
  insert(session, key, digest_of(value.reveal()));
  auto logged = AuditLog::add(session, actor, {.action = "api_key.create", .user_id = owner->id, .object = key.id});
  if (!logged) return std::unexpected(std::move(logged.error()));
  return CreatedApiKey{std::move(key), std::move(value)};
}

bool has_any(soci::session& session) {
  int found = 0;
  store::Statement query{session};
  query.into(found);
  query.prepare("SELECT 1 FROM api_keys LIMIT 1");
  return query.fetch();
}

}  // namespace

Result<CreatedApiKey> ApiKeys::create(const Actor& actor, const NewApiKey& wanted) {
  if (auto fit = check(wanted); !fit) return std::unexpected(std::move(fit.error()));
  return database_.write(store::Durability::full,
                         [&](soci::session& session) { return create_in(session, actor, wanted); });
}

Result<bool> ApiKeys::empty() {
  return database_.read([](soci::session& session) -> Result<bool> { return !has_any(session); });
}

Result<std::optional<CreatedApiKey>> ApiKeys::create_first(
    const Actor& actor, const NewApiKey& wanted, const std::function<Result<void>(const CreatedApiKey&)>& deliver) {
  if (auto fit = check(wanted); !fit) return std::unexpected(std::move(fit.error()));
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<std::optional<CreatedApiKey>> {
    if (has_any(session)) return std::nullopt;
    auto made = create_in(session, actor, wanted);
    if (!made) return std::unexpected(std::move(made.error()));
    if (auto delivered = deliver(*made); !delivered) return std::unexpected(std::move(delivered.error()));
    return made;
  });
}

Result<Principal> ApiKeys::find(std::string_view key) {
  const auto digest = digest_of(key);
  const auto found = database_.read([&](soci::session& session) { return find_digest(session, digest); });
  if (!found) return std::unexpected(found.error());
  const auto now = model::now();
  if (!*found || !(*found)->owner) return invalid("the API key is not known");
  const auto& [known, owner] = **found;
  if (known.revoked_at) return invalid("the API key " + known.prefix + "... was revoked");
  if (known.expires_at && *known.expires_at <= now) return invalid("the API key " + known.prefix + "... has expired");
  if (!owner->is_active) return invalid("the user of this API key is deactivated", "an admin can reactivate the user");
  if (!known.last_used_at || now - *known.last_used_at >= last_used_exactness) {
    // Whether a note of the use can be taken must not decide about the use.
    auto noted = database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
      set_time(session, "last_used_at", known.id, now);
      return {};
    });
    static_cast<void>(noted);
  }
  return Principal{.kind = Principal::Kind::user,
                   .role = std::min(known.role, owner->role),
                   .user = facts_of(*owner),
                   .credential_id = known.id,
                   .ends_at = known.expires_at};
}

Result<Page<ApiKey>> ApiKeys::list(const Actor& actor, std::string_view user, const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<ApiKey>> {
    Listing listing{session, paging, "k.created_at", "k.id"};
    if (!user.empty() || !actor.principal.may(Role::admin)) {
      const auto subject = load_subject(session, actor.principal, user);
      if (!subject) return std::unexpected(subject.error());
      listing.where("k.user_id = :user_id", "user_id", subject->id);
    }
    return listing.run<KeyRow>({KeyRow::select});
  });
}

Result<ApiKey> ApiKeys::revoke(const Actor& actor, std::string_view id_or_name) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<ApiKey> {
    auto key = load(session, actor.principal, id_or_name);
    if (!key || key->revoked_at) return key;
    key->revoked_at = model::now();
    set_time(session, "revoked_at", key->id, *key->revoked_at);
    auto logged =
        AuditLog::add(session, actor, {.action = "api_key.revoke", .user_id = key->user_id, .object = key->id});
    if (!logged) return std::unexpected(std::move(logged.error()));
    return key;
  });
}

}  // namespace runagents::server
