#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/approval.hpp"
#include "core/model/user.hpp"

namespace runagents::server {

using model::Role;
using model::role_of;

/// What policies can know of a user.
struct UserFacts {
  std::string id;  ///< UUID
  std::string email;
  std::string name;
  Role role = Role::user;
  std::vector<std::string> groups;
  std::map<std::string, std::string> attributes;
};

/// An agent account, as far as a request's credential names it.
struct AccountFacts {
  std::string id;  ///< UUID
  std::string name;
};

/// By whom a request is made. Read from the store anew for every request, so that what is deactivated or revoked stops
/// at once. A value.
struct Principal {
  enum class Kind {
    local,     ///< whoever runs this process on the embedded store: may do everything
    user,      ///< a user's API key, or a token of a user
    account,   ///< an agent account alone (M2M)
    delegated  ///< an agent account on behalf of a user (OBO)
  };
  Kind kind = Kind::user;
  Role role = Role::user;                    ///< of the credential: the user's own, or less; `user` for agent accounts
  std::optional<UserFacts> user = {};        ///< user, delegated
  std::optional<AccountFacts> account = {};  ///< account, delegated
  std::string delegation_id = {};            ///< delegated
  std::string credential_id = {};            ///< of the API key, or `jti` of the token
  std::string client_id = {};                ///< of the OAuth client that a token was issued to; empty for API keys
  std::vector<std::string> audiences = {};   ///< of a token; empty: the whole instance
  std::string address = {};                  ///< of the client
  /// An API key's end, or that of the one by which a user has logged in: no key that is made by it lives longer.
  std::optional<model::Time> ends_at = {};

  [[nodiscard]] bool is_local() const noexcept { return kind == Kind::local; }
  /// A user, or the owner of the embedded store: who may manage things.
  [[nodiscard]] bool is_person() const noexcept { return kind == Kind::local || kind == Kind::user; }
  [[nodiscard]] bool may(Role needed) const noexcept { return is_person() && role >= needed; }
  /// The id of the user; empty: none, or the local one.
  [[nodiscard]] std::string_view user_id() const noexcept { return user ? std::string_view{user->id} : ""; }
};

/// Who may use a route.
enum class Access {
  anybody,    ///< no credential is asked for
  any_agent,  ///< whoever has a credential: agent accounts, too
  user,       ///< people
  developer,
  admin,
  local  ///< the embedded store only
};

}  // namespace runagents::server
