#pragma once

#include <filesystem>
#include <string_view>

#include "core/error.hpp"

namespace runagents::config {

/// Puts a file with this content, mode 0600, in place of what is at `path`, at once and durably. Blocks; any thread.
[[nodiscard]] Result<void> replace_private_file(const std::filesystem::path& path, std::string_view content);

}  // namespace runagents::config
