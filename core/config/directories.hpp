#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace runagents::config {

/// Where runagents keeps things (XDG Base Directory Specification): `runagents` below each of the XDG directories.
struct Directories {
  std::filesystem::path configuration;  ///< $XDG_CONFIG_HOME/runagents
  std::filesystem::path data;           ///< $XDG_DATA_HOME/runagents: runagents.db, runs/ID.jsonl
  std::filesystem::path cache;          ///< $XDG_CACHE_HOME/runagents
  std::filesystem::path runtime;        ///< $XDG_RUNTIME_DIR/runagents, or a private directory below /tmp
};

/// Works the directories out of the environment; creates nothing.
[[nodiscard]] Result<Directories> directories();

/// Creates a directory and its missing parents with mode 0700. A directory that others can write, or that belongs to
/// somebody else, is refused.
[[nodiscard]] Result<void> make_private_directory(const std::filesystem::path& path);

}  // namespace runagents::config
