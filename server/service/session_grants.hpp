#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/agent_account.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/paging.hpp"

namespace runagents::server {

struct GrantFilter {
  std::string server = {};            ///< id or name; empty: all
  std::optional<bool> active = true;  ///< nothing: those that are over, too
};

/// Which agent accounts may use whose OAuth sessions on which servers.
///
/// Of an account and a server there is one shared grant at most. Promoting revokes the grants of all other grantors,
/// the personal ones too; who makes a personal grant after that has it beside the shared one. One transaction each.
///
/// The grantor is the actor; the owner of the embedded store, who is no user, names one by `user` (id or e-mail).
class SessionGrants {
 public:
  explicit SessionGrants(store::Database& database) : database_{database} {}

  struct Created {
    model::SessionGrant grant;
    bool is_new = false;  ///< false: the very same was active already
  };

  /// ErrorCode::usage with reason "server_has_no_oauth" or "no_oauth_session"; ErrorCode::conflict when the actor's
  /// active grant has another `shared`.
  [[nodiscard]] Result<Created> create(const Actor& actor, std::string_view account, std::string_view server,
                                       bool shared, std::string_view user = {});
  /// Of an account, newest first: the actor's own and the shared ones.
  [[nodiscard]] Result<Page<model::SessionGrant>> list(const Actor& actor, std::string_view account,
                                                       const GrantFilter& filter, const Paging& paging);
  /// Flips `shared` of the actor's active grant; ErrorCode::not_found without one.
  [[nodiscard]] Result<model::SessionGrant> toggle(const Actor& actor, std::string_view account,
                                                   std::string_view server, std::string_view user = {});
  /// Sets `shared`; the grantor only, to others it is ErrorCode::not_found.
  [[nodiscard]] Result<model::SessionGrant> set_shared(const Actor& actor, std::string_view id, bool shared);
  /// By the grantor or an admin; to others it is ErrorCode::not_found. Twice is fine.
  [[nodiscard]] Result<model::SessionGrant> revoke(const Actor& actor, std::string_view id);

 private:
  store::Database& database_;
};

}  // namespace runagents::server
