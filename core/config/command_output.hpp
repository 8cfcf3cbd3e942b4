#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace runagents::config {

/// Runs a command in `directory` and returns what it wrote to its standard output. It gets this process' environment,
/// an empty standard input, no standard error, no other descriptor, and a process group of its own, which is killed
/// when the time is up or more than `max_bytes` were written. Ends when the command does, not when those do that it
/// left behind. The error tells how the command ended, never what it wrote.
///
/// System calls rather than Boost.Process: it can neither kill the group nor close descriptors without a leak.
[[nodiscard]] Result<std::string> command_output(const std::vector<std::string>& command,
                                                 const std::filesystem::path& directory,
                                                 std::chrono::milliseconds time_limit, std::size_t max_bytes);

}  // namespace runagents::config
