#include "server/service/users.hpp"

#include <algorithm>
#include <utility>

#include "core/ascii.hpp"
#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/listing.hpp"
#include "server/service/plain_text.hpp"
#include "server/service/user_row.hpp"

namespace runagents::server {
namespace {

using model::User;

constexpr std::size_t max_email_bytes = 254;  // RFC 5321, 4.5.3.1.3, without the angle brackets
constexpr std::size_t max_groups = 256;

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos &&
         text.size() <= max_email_bytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

Result<void> check(const User& user) {
  if (!is_email(user.email)) return fail(ErrorCode::usage, "a user needs an \"email\" such as ada@example.org");
  if (auto fit = check_text("name", user.name, max_name_bytes); !fit) return fit;
  if (user.groups.size() > max_groups || user.attributes.size() > max_groups) {
    return fail(ErrorCode::usage, "a user has at most 256 groups and attributes");
  }
  for (const auto& group : user.groups) {
    if (group.empty()) return fail(ErrorCode::usage, "the name of a group must not be empty");
    if (auto fit = check_text("groups", group, max_name_bytes); !fit) return fit;
  }
  for (const auto& [name, value] : user.attributes) {
    if (name.empty()) return fail(ErrorCode::usage, "the name of an attribute must not be empty");
    if (auto fit = check_text("attributes", name, max_name_bytes); !fit) return fit;
    if (auto fit = check_text("attributes", value, max_description_bytes); !fit) return fit;
  }
  return {};
}

Result<void> require_admin(const Actor& actor) {
  if (actor.principal.may(Role::admin)) return {};
  return fail(ErrorCode::forbidden, "only an admin may change users");
}

Result<void> check_email_is_free(soci::session& session, const User& user) {
  const auto other = find_user_of_email(session, user.email);
  if (!other || other->id == user.id) return {};
  return fail(ErrorCode::conflict, "there is a user with the address " + user.email + " already");
}

void write(soci::session& session, const User& user, const char* sql) {
  const std::string role{word(user.role)};
  const std::string groups = text_of(user.groups);
  const std::string attributes = text_of(user.attributes);
  const int is_active = user.is_active ? 1 : 0;
  const long long created_at = number_of(user.created_at);
  const long long updated_at = number_of(user.updated_at);
  store::Statement statement{session};
  statement.use(user.id, "id").use(user.email, "email").use(user.name, "name").use(role, "role");
  statement.use(groups, "group_names").use(attributes, "attributes").use(is_active, "is_active");
  statement.use(created_at, "created_at").use(updated_at, "updated_at");
  statement.prepare(sql);
  statement.change();
}

constexpr const char* insert =
    "INSERT INTO users (id, email, name, role, group_names, attributes, is_active, created_at, updated_at) VALUES "
    "(:id, :email, :name, :role, :group_names, :attributes, :is_active, :created_at, :updated_at)";
constexpr const char* update =
    "UPDATE users SET email = :email, name = :name, role = :role, group_names = :group_names, "
    "attributes = :attributes, is_active = :is_active, created_at = :created_at, updated_at = :updated_at "
    "WHERE id = :id";

bool is_active_admin(const User& user) { return user.is_active && user.role == model::Role::admin; }

bool has_another_admin(soci::session& session, const std::string& id) {
  int found = 0;
  store::Statement query{session};
  query.into(found).use(id, "id");
  query.prepare("SELECT 1 FROM users WHERE role = 'admin' AND is_active = 1 AND id <> :id LIMIT 1");
  return query.fetch();
}

void apply(User& user, const UserChange& change) {
  if (change.email) user.email = lowered(*change.email);
  if (change.name) user.name = *change.name;
  if (change.role) user.role = *change.role;
  if (change.groups) user.groups = *change.groups;
  if (change.attributes) user.attributes = *change.attributes;
  if (change.is_active) user.is_active = *change.is_active;
}

bool are_equal(const User& left, const User& right) {
  return left.email == right.email && left.name == right.name && left.role == right.role &&
         left.groups == right.groups && left.attributes == right.attributes && left.is_active == right.is_active;
}

std::string action_of(const User& before, const User& after) {
  if (before.is_active == after.is_active) return "user.update";
  return after.is_active ? "user.reactivate" : "user.deactivate";
}

}  // namespace

Result<User> Users::create(const Actor& actor, User user) {
  if (auto permitted = require_admin(actor); !permitted) return std::unexpected(std::move(permitted.error()));
  user.email = lowered(user.email);
  if (auto fit = check(user); !fit) return std::unexpected(std::move(fit.error()));
  auto id = new_uuid();
  if (!id) return std::unexpected(std::move(id.error()));
  user.id = std::move(*id);
  user.created_at = user.updated_at = model::now();
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<User> {
    if (auto free = check_email_is_free(session, user); !free) return std::unexpected(std::move(free.error()));
    write(session, user, insert);
    auto logged = AuditLog::add(session, actor, {.action = "user.create", .user_id = user.id, .object = user.id});
    if (!logged) return std::unexpected(std::move(logged.error()));
    return user;
  });
}

Result<User> Users::get(std::string_view id_or_name) {
  return database_.read([&](soci::session& session) { return load_user(session, id_or_name); });
}

Result<std::optional<User>> Users::find_email(std::string_view email) {
  return database_.read(
      [&](soci::session& session) -> Result<std::optional<User>> { return find_user_of_email(session, email); });
}

Result<std::optional<User>> Users::find_id(std::string_view id) {
  return database_.read(
      [&](soci::session& session) -> Result<std::optional<User>> { return find_user(session, std::string{id}); });
}

Result<Page<User>> Users::list(const UserFilter& filter, const Paging& paging) {
  return database_.read([&](soci::session& session) -> Result<Page<User>> {
    Listing listing{session, paging, "u.created_at", "u.id"};
    if (!filter.email.empty()) listing.where("u.email = :email", "email", lowered(filter.email));
    if (filter.is_active) listing.where(*filter.is_active ? "u.is_active = 1" : "u.is_active = 0");
    return listing.run<UserRow>({UserRow::select});
  });
}

Result<User> Users::change(const Actor& actor, std::string_view id_or_name, const UserChange& change) {
  if (auto permitted = require_admin(actor); !permitted) return std::unexpected(std::move(permitted.error()));
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<User> {
    const auto before = load_user(session, id_or_name);
    if (!before) return before;
    User after = *before;
    apply(after, change);
    if (are_equal(*before, after)) return before;
    if (auto fit = check(after); !fit) return std::unexpected(std::move(fit.error()));
    if (auto free = check_email_is_free(session, after); !free) return std::unexpected(std::move(free.error()));
    if (is_active_admin(*before) && !is_active_admin(after) && !has_another_admin(session, after.id)) {
      return fail(ErrorCode::conflict, before->email + " is the last active admin",
                  "make somebody else an admin first");
    }
    after.updated_at = model::now();
    write(session, after, update);
    auto logged =
        AuditLog::add(session, actor, {.action = action_of(*before, after), .user_id = after.id, .object = after.id});
    if (!logged) return std::unexpected(std::move(logged.error()));
    return after;
  });
}

Result<bool> Users::empty() {
  return database_.read([](soci::session& session) -> Result<bool> {
    int found = 0;
    store::Statement query{session};
    query.into(found);
    query.prepare("SELECT 1 FROM users LIMIT 1");
    return !query.fetch();
  });
}

UserFacts facts_of(const User& user) {
  return {.id = user.id,
          .email = user.email,
          .name = user.name,
          .role = user.role,
          .groups = user.groups,
          .attributes = user.attributes};
}

}  // namespace runagents::server
