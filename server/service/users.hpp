#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/user.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

/// What is given stands, what is not stays.
struct UserChange {
  std::optional<std::string> email = {};
  std::optional<std::string> name = {};
  std::optional<model::Role> role = {};
  std::optional<std::vector<std::string>> groups = {};
  std::optional<std::map<std::string, std::string>> attributes = {};
  std::optional<bool> is_active = {};
};

struct UserFilter {
  std::string email = {};
  std::optional<bool> is_active = {};
};

/// The people who have to do with this control plane. A user is named by id, e-mail address (in any case) or by a name
/// that only one has. Who is no admin changes nobody, and the last active admin stays one.
class Users {
 public:
  explicit Users(store::Database& database) : database_{database} {}

  /// `user.email` is required; id and times are set here. ErrorCode::conflict when the address is taken.
  [[nodiscard]] Result<model::User> create(const Actor& actor, model::User user);
  /// ErrorCode::not_found also when several have that name.
  [[nodiscard]] Result<model::User> get(std::string_view id_or_name);
  /// By e-mail address, in any case.
  [[nodiscard]] Result<std::optional<model::User>> find_email(std::string_view email);
  /// By id, nothing else.
  [[nodiscard]] Result<std::optional<model::User>> find_id(std::string_view id);
  [[nodiscard]] Result<Page<model::User>> list(const UserFilter& filter, const Paging& paging);
  /// Changing nothing is fine, as is deactivating twice.
  [[nodiscard]] Result<model::User> change(const Actor& actor, std::string_view id_or_name, const UserChange& change);
  /// Whether there is no user at all: a store that nobody has set up.
  [[nodiscard]] Result<bool> empty();

 private:
  store::Database& database_;
};

[[nodiscard]] UserFacts facts_of(const model::User& user);

}  // namespace runagents::server
