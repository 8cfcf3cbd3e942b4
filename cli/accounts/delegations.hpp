#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

struct DelegationsList {
  std::string account = {};
  std::string email = {};
  bool all = false;
};

struct DelegationCreate {
  std::string account = {};
  std::string user = {};  ///< id or e-mail address; empty: whose credential it is
  std::string expires_at = {};
  std::chrono::seconds expires_in{0};
  std::vector<std::string> servers = {};
  bool dry_run = false;
};

struct DelegationFind {
  std::string account = {};
  std::string email = {};
};

struct DelegationsExport {
  std::string account = {};
  std::string format = "jsonl";
};

struct DelegationsImport {
  std::string account = {};
  std::string file = {};
  bool dry_run = false;
};

[[nodiscard]] Outcome list_delegations(const DelegationsList& options, Context& context);
[[nodiscard]] Outcome create_delegation(const DelegationCreate& options, Context& context);
/// Prints the id of the user who delegated, for a token on their behalf.
[[nodiscard]] Outcome find_delegation(const DelegationFind& options, Context& context);
[[nodiscard]] Outcome export_delegations(const DelegationsExport& options, Context& context);
/// Makes what an exported file has and the account lacks; says of each line what became of it.
[[nodiscard]] Outcome import_delegations(const DelegationsImport& options, Context& context);

}  // namespace runagents::cli
