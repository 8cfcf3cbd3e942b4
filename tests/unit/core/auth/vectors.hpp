#pragma once

#include <cstdlib>
#include <filesystem>

namespace runagents::tests {

/// Where published cases are, which are not part of this repository: RUNAGENTS_VECTORS, or a folder shared/vectors
/// beside the source tree.
inline std::filesystem::path vectors() {
  const auto* named = std::getenv("RUNAGENTS_VECTORS");
  return named != nullptr ? named : RUNAGENTS_SOURCE_DIR "/../shared/vectors";
}

}  // namespace runagents::tests
