#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/agent_account.hpp"
#include "core/store/statement.hpp"
#include "server/principal.hpp"
#include "server/service/listing.hpp"
#include "server/service/nullable_time.hpp"

namespace runagents::server {

/// The members of an agent account as columns, bound to a statement. For .cpp files.
struct AccountRow {
  static constexpr const char* select =
      "SELECT a.id, a.created_at, a.name, a.description, a.client_id, a.is_active, a.owner_user_id, a.updated_at, "
      "a.secret_rotated_at, a.last_used_at FROM agent_accounts a";

  void bind(store::Statement& query);
  [[nodiscard]] model::AgentAccount value() const;
  [[nodiscard]] Position position() const { return {created_at, account.id}; }

  model::AgentAccount account;
  int is_active = 0;
  long long created_at = 0, updated_at = 0;
  NullableTime secret_rotated_at, last_used_at;
};

/// By id, client id or name; ErrorCode::not_found. Throws soci::soci_error, as the next one.
[[nodiscard]] Result<model::AgentAccount> load_account(soci::session& session, std::string_view id_or_name);
[[nodiscard]] std::optional<model::AgentAccount> find_account_of_client(soci::session& session,
                                                                        const std::string& client_id);

/// Its owner, an admin, or the owner of the embedded store.
[[nodiscard]] bool may_change(const Principal& principal, const model::AgentAccount& account);

}  // namespace runagents::server
