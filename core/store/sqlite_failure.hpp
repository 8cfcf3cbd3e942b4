#pragma once

#include <chrono>
#include <filesystem>

#include "core/error.hpp"

namespace runagents::store {

/// What a result code of SQLite (sqlite.org/rescode.html) means for a person. Names the file, never data.
[[nodiscard]] Error explain_sqlite(int code, const std::filesystem::path& file, std::chrono::milliseconds lock_timeout);

/// Whether the same attempt may succeed a moment later.
[[nodiscard]] bool is_contention(int code) noexcept;

}  // namespace runagents::store
