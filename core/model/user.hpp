#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/approval.hpp"

namespace runagents::model {

/// What a user may do in the management API; each one may do what those before it may.
enum class Role { user, developer, admin };
[[nodiscard]] std::string_view word(Role role) noexcept;  ///< "user", "developer", "admin"
[[nodiscard]] std::optional<Role> role_of(std::string_view word) noexcept;

/// A person as the control plane knows them.
struct User {
  std::string id;     ///< UUID
  std::string email;  ///< lower case; unique
  std::string name;
  Role role = Role::user;
  std::vector<std::string> groups;
  std::map<std::string, std::string> attributes;  ///< "department", "title", ...: for policies
  bool is_active = true;
  Time created_at;
  Time updated_at;
};

/// What may be known of a user's API key after its creation.
struct ApiKey {
  std::string id;  ///< UUID
  std::string user_id;
  std::string name;
  std::string prefix;  ///< how the key begins, so that people tell keys apart
  Role role = Role::user;
  Time created_at;
  std::optional<Time> expires_at;
  std::optional<Time> last_used_at;  ///< exact to a minute
  std::optional<Time> revoked_at;
};

}  // namespace runagents::model
