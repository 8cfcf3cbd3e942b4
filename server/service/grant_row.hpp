#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>

#include "core/model/agent_account.hpp"
#include "core/store/statement.hpp"
#include "server/service/listing.hpp"
#include "server/service/nullable_time.hpp"

namespace runagents::server {

/// The members of a session grant as columns, bound to a statement. For .cpp files.
struct SessionGrantRow {
  static constexpr const char* select =
      "SELECT g.id, g.created_at, g.account_id, g.server_id, g.grantor_user_id, u.email, g.shared, g.updated_at, "
      "g.revoked_at, g.revoked_reason FROM session_grants g JOIN users u ON u.id = g.grantor_user_id";

  void bind(store::Statement& query);
  [[nodiscard]] model::SessionGrant value() const;
  [[nodiscard]] Position position() const { return {created_at, grant.id}; }

  model::SessionGrant grant;
  int shared = 0;
  long long created_at = 0, updated_at = 0;
  NullableTime revoked_at;
};

/// Throw soci::soci_error.
[[nodiscard]] std::optional<model::SessionGrant> find_grant(soci::session& session, const std::string& id);
/// The active one of a grantor.
[[nodiscard]] std::optional<model::SessionGrant> find_grant(soci::session& session, const std::string& account,
                                                            const std::string& server, const std::string& grantor);
/// The active shared one.
[[nodiscard]] std::optional<model::SessionGrant> find_shared_grant(soci::session& session, const std::string& account,
                                                                   const std::string& server);

}  // namespace runagents::server
