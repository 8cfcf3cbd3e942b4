#pragma once

#include <vector>

#include "cli/completion/completion.hpp"
#include "cli/context.hpp"

namespace runagents::cli {

/// The agent, tools, policies or model providers of the project file, also of one that is not right yet: nothing but
/// its syntax is checked.
[[nodiscard]] std::vector<Candidate> names_in_project(const NamesWanted& wanted, const Context& context);

}  // namespace runagents::cli
