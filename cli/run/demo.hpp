#pragma once

#include "cli/context.hpp"

namespace runagents::cli {

/// Shows a run from beginning to end with real programs in a private temporary directory. Ends with 0 when everything
/// went as it should, with 9 when something that should have been allowed, refused or hidden was not.
[[nodiscard]] Outcome demo(Context& context);

}  // namespace runagents::cli
