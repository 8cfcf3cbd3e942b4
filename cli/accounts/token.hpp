#pragma once

#include <string>

#include "cli/run/agent_identity.hpp"

namespace runagents::cli {

struct TokenOptions {
  AgentTokenOptions of = {};
  std::string format = "raw";
};

struct TokenExchangeOptions {
  AgentTokenOptions of = {};
  std::string agent_token = {};  ///< a reference; empty: the account's own (M2M)
  bool rfc_order = false;
  std::string format = "raw";
};

/// A token that somebody has, by reference.
struct TokenText {
  AgentTokenOptions of = {};
  std::string token = "-";
  bool verify = false;
  bool dry_run = false;  ///< of `revoke_token`
};

/// Prints a token of the account alone, or on behalf of a user.
[[nodiscard]] Outcome print_agent_token(const TokenOptions& options, Context& context);
[[nodiscard]] Outcome exchange_tokens(const TokenExchangeOptions& options, Context& context);
/// Takes a token apart, without asking anybody but, with `verify`, for the server's keys.
[[nodiscard]] Outcome inspect_token(const TokenText& options, Context& context);
[[nodiscard]] Outcome introspect_token(const TokenText& options, Context& context);
[[nodiscard]] Outcome revoke_token(const TokenText& options, Context& context);
/// Forgets the cached tokens of this user's processes.
[[nodiscard]] Outcome purge_tokens(bool dry_run, Context& context);

}  // namespace runagents::cli
