#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/user.hpp"
#include "core/store/statement.hpp"
#include "server/principal.hpp"
#include "server/service/listing.hpp"

namespace runagents::server {

/// The members of a user as columns, bound to a statement. For .cpp files.
struct UserRow {
  static constexpr const char* select =
      "SELECT u.id, u.created_at, u.email, u.name, u.role, u.group_names, u.attributes, u.is_active, u.updated_at "
      "FROM users u";

  void bind(store::Statement& query);
  [[nodiscard]] model::User value() const;
  [[nodiscard]] Position position() const { return {created_at, user.id}; }

  model::User user;
  std::string role, groups, attributes;
  int is_active = 0;
  long long created_at = 0, updated_at = 0;
};

/// The id of whom a filter of a list names. What names nobody, or somebody whom the principal must not know of, is
/// returned as it is, and matches nothing. Throws soci::soci_error.
[[nodiscard]] std::string filtered_user(soci::session& session, const Principal& principal, std::string_view named);
/// By id, e-mail address or a name that only one has; ErrorCode::not_found. Throws soci::soci_error, as the next two.
[[nodiscard]] Result<model::User> load_user(soci::session& session, std::string_view id_or_name);
[[nodiscard]] std::optional<model::User> find_user(soci::session& session, const std::string& id);
[[nodiscard]] std::optional<model::User> find_user_of_email(soci::session& session, std::string_view email);

/// Whom a request is about: the user that it names, which only an admin may if it is not themselves; else the actor.
/// ErrorCode::usage when the owner of the embedded store, who is no user, names none.
[[nodiscard]] Result<model::User> load_subject(soci::session& session, const Principal& principal,
                                               std::string_view named);

}  // namespace runagents::server
