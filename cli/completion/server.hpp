#pragma once

#include <vector>

#include "cli/completion/completion.hpp"
#include "cli/connection/connection.hpp"
#include "core/config/directories.hpp"

namespace runagents::cli {

/// The names that a server lists, by one request of at most `patience_for_names`, with the credential of the context as
/// far as it can be had without starting anything and without renewing it: from the environment, a file or the
/// encrypted store, and of a login the token that still works. Without one nothing is asked.
[[nodiscard]] std::vector<Candidate> names_at_server(Means means, const Connection& connection,
                                                     const config::Directories& directories);

}  // namespace runagents::cli
