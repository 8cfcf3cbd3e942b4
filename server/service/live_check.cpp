#include "server/service/live_check.hpp"

#include <algorithm>
#include <soci/soci.h>
#include <string>

#include "core/store/statement.hpp"
#include "server/service/column.hpp"

namespace runagents::server {
namespace {

// Nothing: there is no such row.
std::optional<bool> is_active(soci::session& session, const std::string& table, const std::string& id) {
  int active = 0;
  store::Statement query{session};
  query.into(active).use(id, "id");
  query.prepare("SELECT is_active FROM " + table + " WHERE id = :id");
  return query.fetch() ? std::optional{active != 0} : std::nullopt;
}

Result<void> check_account(soci::session& session, const Principal& principal) {
  if (principal.account && is_active(session, "agent_accounts", principal.account->id).value_or(false)) return {};
  return fail(ErrorCode::unauthenticated, "the agent account is deactivated", "its owner or an admin can reactivate it",
              "account_deactivated");
}

Result<void> check_delegation(soci::session& session, const Principal& principal, std::string_view server) {
  const long long now = number_of(model::now());
  std::string server_ids;
  store::Statement query{session};
  query.into(server_ids).use(principal.account->id, "account").use(principal.user->id, "user").use(now, "now");
  query.prepare(
      "SELECT server_ids FROM delegations WHERE account_id = :account AND user_id = :user AND revoked_at IS NULL "
      "AND (expires_at IS NULL OR expires_at > :now)");
  const auto no_delegation = [](std::string hint) {
    return fail(ErrorCode::forbidden, "invalid_grant: No valid delegation", std::move(hint), "no_delegation");
  };
  if (!query.fetch()) return no_delegation("the user has to delegate to the agent account");
  if (server.empty() || server_ids.empty()) return {};
  const auto servers = texts_of(server_ids);
  if (std::ranges::find(servers, server) != servers.end()) return {};
  return no_delegation("the user's delegation is not for this server");
}

Result<void> check_user(soci::session& session, const Principal& principal) {
  if (principal.user && is_active(session, "users", principal.user->id).value_or(false)) return {};
  return fail(ErrorCode::unauthenticated, "the user is deactivated", "an admin can reactivate the user",
              "user_deactivated");
}

Result<void> check_delegated(soci::session& session, const Principal& principal, std::string_view server) {
  if (auto live = check_account(session, principal); !live) return live;
  const auto active = principal.user ? is_active(session, "users", principal.user->id) : std::nullopt;
  // An unknown user is treated as one who has not delegated: who exists is not to be found out here.
  if (active && !*active) {
    return fail(ErrorCode::forbidden, "Delegator user is deactivated", "an admin can reactivate the user",
                "user_deactivated");
  }
  if (!active) {
    return fail(ErrorCode::forbidden, "invalid_grant: No valid delegation", {}, "no_delegation");
  }
  return check_delegation(session, principal, server);
}

}  // namespace

Result<void> LiveCheck::check(const Principal& principal, std::string_view server_id) {
  if (principal.is_local()) return {};
  return database_.read([&](soci::session& session) -> Result<void> {
    switch (principal.kind) {
      case Principal::Kind::user:
        return check_user(session, principal);
      case Principal::Kind::account:
        return check_account(session, principal);
      default:
        return check_delegated(session, principal, server_id);
    }
  });
}

}  // namespace runagents::server
