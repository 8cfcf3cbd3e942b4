#pragma once

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents {

/// Whether this version can enforce and serve everything that the agent uses. What it cannot do is an error before
/// anything starts, never a call that goes out without it.
[[nodiscard]] Result<void> check_supported(const model::Project& project);

}  // namespace runagents
