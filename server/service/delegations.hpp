#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/agent_account.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

struct NewDelegation {
  std::string user = {};  ///< id or e-mail address of who delegates; empty: the actor
  std::optional<model::Time> expires_at = {};
  std::optional<std::vector<std::string>> servers = {};  ///< ids or names; nothing: all
};

struct DelegationFilter {
  std::string user_id = {};  ///< or name or e-mail address
  std::string user_email = {};
  std::optional<bool> active = true;  ///< nothing: those that are over, too
};

/// Which agent accounts may act for which users. A user has at most one active delegation to an account.
class Delegations {
 public:
  explicit Delegations(store::Database& database) : database_{database} {}

  struct Created {
    model::Delegation delegation;
    bool is_new = false;  ///< false: the very same was active already
  };

  /// The actor delegates for themselves; an admin may for others. ErrorCode::conflict when another one is active.
  [[nodiscard]] Result<Created> create(const Actor& actor, std::string_view account, const NewDelegation& wanted);
  /// Of an account, newest first: all for developers, admins and its owner, else one's own.
  [[nodiscard]] Result<Page<model::Delegation>> list(const Actor& actor, std::string_view account,
                                                     const DelegationFilter& filter, const Paging& paging);
  /// Those of one user, newest first.
  [[nodiscard]] Result<Page<model::Delegation>> list_of_user(std::string_view user_id, std::optional<bool> active,
                                                             const Paging& paging);
  /// What the actor may not see is ErrorCode::not_found.
  [[nodiscard]] Result<model::Delegation> get(const Actor& actor, std::string_view id);
  /// By the delegator, the account's owner or an admin. Twice is fine.
  [[nodiscard]] Result<model::Delegation> revoke(const Actor& actor, std::string_view id);
  /// The one by which the account may act for the user now. Ids only.
  [[nodiscard]] Result<std::optional<model::Delegation>> active_for(std::string_view account_id,
                                                                    std::string_view user_id);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
