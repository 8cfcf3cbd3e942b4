#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace runagents::cli {

/// The regular files at and below `directory` that hold `secret`.
[[nodiscard]] std::vector<std::filesystem::path> files_with(std::string_view secret,
                                                            const std::filesystem::path& directory);

/// Whether a file (also one below /proc) holds `secret`; nothing when it cannot be read.
[[nodiscard]] std::optional<bool> file_has(std::string_view secret, const std::filesystem::path& file);

/// Whether the memory of a process holds `secret`; nothing when it may not be looked into.
[[nodiscard]] std::optional<bool> memory_has(std::string_view secret, pid_t process);

}  // namespace runagents::cli
