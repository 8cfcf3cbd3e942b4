#pragma once

#include <string>
#include <vector>

#include "cli/apply/manifest.hpp"
#include "cli/context.hpp"

namespace runagents::cli {

struct ApplyOptions {
  std::vector<std::string> files = {};  ///< "-": standard input; *.toml: a project file
  std::string kind = {};                ///< of documents that do not say it
  std::string name = {};                ///< of the only document that does not say it
  std::string secret_directory = {};    ///< where secrets of new accounts go; empty: into the encrypted store
  bool sends_secrets = false;           ///< secrets of servers that have one, too
  bool only_new = false;                ///< what is there already is ErrorCode::conflict
  bool dry_run = false;
};

/// Makes the context's control plane be as the manifests say, in the order in which resources need each other, and
/// prints for each what was created, changed or left. What cannot be done is said, the rest is done, and the first
/// error is the outcome.
[[nodiscard]] Outcome apply(const ApplyOptions& options, Context& context);

/// The manifests of files, in order.
[[nodiscard]] Result<std::vector<Manifest>> read_files(const ApplyOptions& options, Context& context);

}  // namespace runagents::cli
