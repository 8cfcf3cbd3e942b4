#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

struct PolicyEdit {
  std::string name = {};
  bool dry_run = false;
};

/// A call that is not made; see POST /policies/evaluate.
struct PolicyQuestion {
  std::string server = {};              ///< an MCP server by name or id
  std::string tool = {};                ///< of that server
  std::string arguments = {};           ///< a JSON object, "@FILE", or "-"
  std::vector<std::string> words = {};  ///< NAME=VALUE
  std::string account = {};             ///< for whom; with `user` on behalf of
  std::string user = {};
  bool check = false;  ///< the decision is the exit status
};

/// Opens a policy in the editor of the environment (VISUAL, EDITOR, vi), and stores what has become of it unless
/// somebody else has changed it meanwhile.
[[nodiscard]] Outcome edit_policy(const PolicyEdit& options, Context& context);
/// What the policies of the control plane say to a call.
[[nodiscard]] Outcome evaluate_policies(const PolicyQuestion& options, Context& context);

}  // namespace runagents::cli
