#include "server/service/user_row.hpp"

#include <optional>

#include "core/ascii.hpp"
#include "server/principal.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

std::optional<model::User> find(soci::session& session, const std::string& condition, const std::string& value) {
  UserRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(value, "value");
  query.prepare(std::string{UserRow::select} + " WHERE " + condition);
  return query.fetch() ? std::optional{row.value()} : std::nullopt;
}

// Nothing when several have it.
std::optional<model::User> find_unique_name(soci::session& session, const std::string& name) {
  UserRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(name, "name");
  query.prepare(std::string{UserRow::select} + " WHERE u.name = :name LIMIT 2");
  if (name.empty() || !query.fetch()) return std::nullopt;
  auto user = row.value();
  return query.fetch() ? std::nullopt : std::optional{std::move(user)};
}

}  // namespace

void UserRow::bind(store::Statement& query) {
  query.into(user.id).into(created_at).into(user.email).into(user.name).into(role).into(groups).into(attributes);
  query.into(is_active).into(updated_at);
}

model::User UserRow::value() const {
  model::User complete = user;
  // A word that this version does not know must not look like more than it may be.
  complete.role = model::role_of(role).value_or(model::Role::user);
  complete.groups = texts_of(groups);
  complete.attributes = map_of(attributes);
  complete.is_active = is_active != 0;
  complete.created_at = time_of(created_at);
  complete.updated_at = time_of(updated_at);
  return complete;
}

std::optional<model::User> find_user(soci::session& session, const std::string& id) {
  return find(session, "u.id = :value", id);
}

std::optional<model::User> find_user_of_email(soci::session& session, std::string_view email) {
  return find(session, "u.email = :value", lowered(email));
}

Result<model::User> load_user(soci::session& session, std::string_view id_or_name) {
  const auto text = reference(id_or_name);
  std::optional<model::User> user;
  if (is_uuid(text)) {
    user = find_user(session, text);
  } else if (text.contains('@')) {
    user = find_user_of_email(session, text);
  } else {
    user = find_unique_name(session, text);
  }
  if (!user) return no_such("user", id_or_name);
  return *std::move(user);
}

std::string filtered_user(soci::session& session, const Principal& principal, std::string_view named) {
  auto text = reference(named);
  if (is_uuid(text)) return text;
  const auto user = load_user(session, text);
  const bool may_know = user && (principal.may(Role::developer) || user->id == principal.user_id());
  return may_know ? user->id : text;
}

Result<model::User> load_subject(soci::session& session, const Principal& principal, std::string_view named) {
  if (!principal.is_person()) return fail(ErrorCode::forbidden, "an agent account may not do that");
  const auto own = principal.user ? find_user(session, principal.user->id) : std::nullopt;
  if (named.empty()) {
    if (own) return *own;
    return fail(ErrorCode::usage, "the request must say for which user", "the owner of the local store is no user");
  }
  auto user = load_user(session, named);
  if (user && own && user->id == own->id) return user;
  // Who is no admin must not learn who exists.
  if (!principal.may(Role::admin)) return fail(ErrorCode::forbidden, "only an admin may do that for somebody else");
  return user;
}

}  // namespace runagents::server
