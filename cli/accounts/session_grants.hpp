#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

/// Whose session on which server; both by name or id.
struct GrantOf {
  std::string account = {};
  std::string server = {};
};

struct SessionGrantsList {
  GrantOf of = {};  ///< server empty: all
  bool all = false;
};

struct SessionGrantCreate {
  GrantOf of = {};
  bool shared = false;
  bool personal = false;  ///< `ensure` only: make it so when it is shared
  std::string user = {};  ///< the grantor; administrators and the store of this machine only
  bool yes = false;
  bool dry_run = false;
};

struct SessionGrantShare {
  GrantOf of = {};
  bool shared = true;
  bool yes = false;
  bool dry_run = false;
};

struct SessionGrantsRevoke {
  std::vector<std::string> ids = {};
  GrantOf of = {};  ///< instead of ids: one's own
  bool yes = false;
  bool dry_run = false;
};

struct SessionGrantWhy {
  GrantOf of = {};
  std::string user = {};  ///< empty: the account alone (M2M)
};

[[nodiscard]] Outcome list_session_grants(const SessionGrantsList& options, Context& context);
[[nodiscard]] Outcome create_session_grant(const SessionGrantCreate& options, Context& context);
/// Makes one's own grant shared or personal, whatever it is now.
[[nodiscard]] Outcome share_session_grant(const SessionGrantShare& options, Context& context);
[[nodiscard]] Outcome toggle_session_grant(const SessionGrantShare& options, Context& context);
/// Makes one's own grant unless there is one, and shared where that is wanted.
[[nodiscard]] Outcome ensure_session_grant(const SessionGrantCreate& options, Context& context);
[[nodiscard]] Outcome revoke_session_grants(const SessionGrantsRevoke& options, Context& context);
/// Whose credential a call would use. Ends like the call would: ErrorCode::needs_person without one.
[[nodiscard]] Outcome explain_session_grant(const SessionGrantWhy& options, Context& context);

}  // namespace runagents::cli
