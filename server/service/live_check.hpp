#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// Whether whoever a token names may still act: a token says what was true when it was issued. Reads the store anew for
/// every call, so that deactivating and revoking bite at once.
///
/// The errors: ErrorCode::unauthenticated for an agent account (reason "account_deactivated") or a user who calls by
/// themselves (reason "user_deactivated") that is deactivated or gone; ErrorCode::forbidden "Delegator user is
/// deactivated" (reason "user_deactivated") and "invalid_grant: No valid delegation" (reason "no_delegation").
class LiveCheck {
 public:
  explicit LiveCheck(store::Database& database) : database_{database} {}

  /// `server_id` empty: no server is involved. With one, the delegation must be for it. Blocks.
  [[nodiscard]] Result<void> check(const Principal& principal, std::string_view server_id = {});

 private:
  store::Database& database_;
};

}  // namespace runagents::server
