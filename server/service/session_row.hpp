#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/model/mcp_server.hpp"
#include "core/store/statement.hpp"
#include "server/service/nullable_time.hpp"

namespace runagents::server {

/// The members of an OAuth session as columns, bound to a statement. For .cpp files.
struct SessionRow {
  void bind(store::Statement& query);
  [[nodiscard]] model::OAuthSession value() const;

  model::OAuthSession session;
  std::string scopes, sealed, lease_holder;
  int can_refresh = 0;
  long long version = 0, created_at = 0, updated_at = 0, lease_until = 0;
  NullableTime expires_at;
};

/// Throw soci::soci_error.
[[nodiscard]] std::optional<SessionRow> find_session(soci::session& session, const std::string& id);
[[nodiscard]] std::optional<SessionRow> find_session(soci::session& session, std::string_view server,
                                                     std::string_view user);

}  // namespace runagents::server
