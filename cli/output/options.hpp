#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::cli::output {

enum class Format { table, json, jsonl, yaml, name };

/// How data is to be printed: `-o` and `--fields`.
struct Options {
  Format format = Format::table;
  std::vector<std::string> fields;  ///< empty: all
};

/// Reads "table", "json", "jsonl", "yaml" or "name".
[[nodiscard]] std::optional<Format> format_of(std::string_view word) noexcept;

}  // namespace runagents::cli::output
