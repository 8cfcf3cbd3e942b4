#pragma once

#include <string>
#include <string_view>

#include "core/config/document.hpp"

namespace runagents::cli {

/// A basic string of TOML with quotes. All but printable ASCII is escaped, so that nothing in a file to be reviewed can
/// hide or reorder what stands beside it.
[[nodiscard]] std::string toml_string(std::string_view text);

/// A key: bare where it may be, else a string.
[[nodiscard]] std::string toml_key(std::string_view key);

/// A value in one line; lists of tables in several.
[[nodiscard]] std::string toml_value(const config::Node& node);

/// The members of a table as lines "key = value", and each table in it behind these as one of its own, "[path.key]".
/// `path`: of the table itself, in TOML's spelling; empty for a whole document.
[[nodiscard]] std::string toml_members(const config::Node& table, const std::string& path);

}  // namespace runagents::cli
