#pragma once

#include "cli/connection/connection.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// The error with what to do next on the command line, where the server that it comes from knows its own API only.
[[nodiscard]] Error with_advice(Error error, const Connection& connection);

}  // namespace runagents::cli
