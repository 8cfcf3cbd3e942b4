#pragma once

#include <chrono>
#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

struct ServerConnect {
  std::string name = {};
  bool no_browser = false;
  std::chrono::seconds timeout{300};
  bool dry_run = false;
};

/// A user's OAuth session on an MCP server.
struct ServerSession {
  std::string name = {};
  std::string user = {};           ///< whose; empty: the caller's
  std::string token = {};          ///< a secret reference
  std::string refresh_token = {};  ///< a secret reference
  std::chrono::seconds expires_in{0};
  bool yes = false;
  bool dry_run = false;
};

/// Starts the authorization of the server for the user, and waits until the session is there.
[[nodiscard]] Outcome connect_server(const ServerConnect& options, Context& context);

[[nodiscard]] Outcome get_session(const ServerSession& options, Context& context);
/// Hands over tokens that come from elsewhere.
[[nodiscard]] Outcome set_session(const ServerSession& options, Context& context);
[[nodiscard]] Outcome revoke_session(const ServerSession& options, Context& context);

}  // namespace runagents::cli
