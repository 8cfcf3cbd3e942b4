#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/agent_account.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

struct AccountChange {
  std::optional<std::string> name = {};
  std::optional<std::string> description = {};
  std::optional<bool> is_active = {};
};

struct AccountFilter {
  std::string owner = {};  ///< id, e-mail address or name of a user
  std::optional<bool> is_active = {};
};

struct AccountWithSecret {
  model::AgentAccount account;
  config::Secret client_secret;  ///< shown this once
};

/// Agent accounts and their client secrets (256 random bits, kept as SHA-256; see ApiKeys). An account is named by id,
/// name or client id. Made by developers, changed by their owner or an admin, seen by every user.
class AgentAccounts {
 public:
  explicit AgentAccounts(store::Database& database) : database_{database} {}

  /// ErrorCode::conflict when the name is taken.
  [[nodiscard]] Result<AccountWithSecret> create(const Actor& actor, const std::string& name,
                                                 const std::string& description);
  [[nodiscard]] Result<model::AgentAccount> get(std::string_view id_or_name);
  [[nodiscard]] Result<Page<model::AgentAccount>> list(const Actor& actor, const AccountFilter& filter,
                                                       const Paging& paging);
  [[nodiscard]] Result<model::AgentAccount> change(const Actor& actor, std::string_view id_or_name,
                                                   const AccountChange& change);
  /// With its secrets; its delegations and session grants are revoked.
  [[nodiscard]] Result<model::AgentAccount> remove(const Actor& actor, std::string_view id_or_name);
  /// Former secrets go on for `grace` (0 to 7 days), never longer than they would have.
  [[nodiscard]] Result<AccountWithSecret> rotate_secret(const Actor& actor, std::string_view id_or_name,
                                                        std::chrono::seconds grace);
  /// The active account that has this client id and this secret; else ErrorCode::unauthenticated, reason
  /// "invalid_client", message "invalid_client", which does not say what was wrong.
  [[nodiscard]] Result<model::AgentAccount> check_secret(std::string_view client_id, std::string_view secret);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
