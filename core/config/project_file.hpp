#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/project.hpp"

namespace runagents::config {

/// One thing that is wrong with a configuration file.
struct Finding {
  std::string file;
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< from 1
  std::string key;         ///< dotted: "tools.stripe.auth.secret"
  std::string message;
  std::string suggestion;  ///< what would be right; may be empty

  /// "FILE:LINE:COLUMN: KEY: MESSAGE (SUGGESTION)"
  [[nodiscard]] std::string to_string() const;
};

/// Reads and checks a project file. Strict: an unknown key, a wrong type, a dangling name, an impossible URL, a
/// duplicate, or a literal where a secret reference is expected is a finding; all findings of a file come at once, in
/// the order of the file.
[[nodiscard]] std::expected<model::Project, std::vector<Finding>> read_project(const std::filesystem::path& file);

/// The same for text; `file` is used for messages and relative paths only.
[[nodiscard]] std::expected<model::Project, std::vector<Finding>> parse_project(std::string_view text,
                                                                                const std::filesystem::path& file);

/// The `runagents.toml` of `start` or the nearest of its parents.
[[nodiscard]] Result<std::filesystem::path> find_project_file(const std::filesystem::path& start);

/// Dotted names of all keys that the reader knows, with "*" for a name that the user chooses
/// ("tools.*.capabilities[].method"); what the JSON Schema is held against.
[[nodiscard]] std::vector<std::string> known_keys();

/// The findings as one error for a person: each on a line of its own.
[[nodiscard]] Error to_error(const std::vector<Finding>& findings);

}  // namespace runagents::config
