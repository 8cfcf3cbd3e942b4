#pragma once

#include <string>
#include <vector>

#include "cli/apply/apply.hpp"
#include "cli/command.hpp"

namespace runagents::cli {

[[nodiscard]] std::vector<Flag> apply_flags(ApplyOptions& options);

/// `GROUP apply -f FILE` or `GROUP create -f FILE` for one kind of resource.
[[nodiscard]] Command apply_kind_command(std::string verb, std::string summary, std::string kind, bool only_new,
                                         std::vector<Example> examples);

}  // namespace runagents::cli
