#pragma once

#include <filesystem>
#include <memory>

#include "core/api/transport.hpp"
#include "core/error.hpp"

namespace runagents::server {

/// The control plane in this process: the same routes and services as a server over HTTP, on the local store.
///
/// Opens (and where needed creates or migrates) `runagents.db` in `data_directory`. Several processes may do so at the
/// same time. Not thread-safe.
[[nodiscard]] Result<std::unique_ptr<api::Transport>> open_embedded(const std::filesystem::path& data_directory);
/// Reads the whole local store and looks for damage, as a dying disk leaves it. Takes about a second for each gigabyte.
[[nodiscard]] Result<void> check_embedded(const std::filesystem::path& data_directory);

}  // namespace runagents::server
