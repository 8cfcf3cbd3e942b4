#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/completion/completion.hpp"
#include "core/config/secret.hpp"

namespace runagents::cli {

/// The names that the store of this machine has, without a trace (store::Glance).
[[nodiscard]] std::vector<Candidate> names_in_store(Means means, const std::filesystem::path& data_directory);

/// A secret of that store, in the same way.
[[nodiscard]] Result<config::Secret> glance_at_secret(const std::string& name,
                                                      const std::filesystem::path& data_directory);

}  // namespace runagents::cli
