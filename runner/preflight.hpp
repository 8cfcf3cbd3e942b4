#pragma once

#include <string_view>

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents {

/// Whether this version can enforce and serve everything that the agent uses. What it cannot do is an error before
/// anything starts, never a call that goes out without it.
[[nodiscard]] Result<void> check_supported(const model::Project& project);

/// Whether the end user's name can be said in a header field: it holds no control character. May be empty: nobody.
[[nodiscard]] Result<void> check_end_user(std::string_view end_user);

}  // namespace runagents
