#pragma once

#include <string>

#include "cli/context.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {

/// The secret that a reference names (env:, file:, store:, exec:, keyring:); "-" is standard input. A literal is
/// refused: every process of the machine can read a command line. Blocks.
[[nodiscard]] Result<config::Secret> secret_value(const std::string& reference, Context& context);
/// The same for a reference that was read from a file or from the environment.
[[nodiscard]] Result<config::Secret> secret_value(const model::SecretReference& reference, Context& context);

}  // namespace runagents::cli
