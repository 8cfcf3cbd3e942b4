#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corpus {

/// One line of tests/corpus/decisions/cases.txt, whose top describes the format.
struct Case {
  std::size_t line = 0;
  std::string project;  ///< the name of the project file, without ".toml"
  std::string method;
  std::string target;
  std::string user;  ///< empty: nobody
  std::string expected;
  std::optional<std::string> rule;        ///< "POLICY#RULE" or "-"; absent: not compared
  std::optional<std::string> capability;  ///< a name or "-"; absent: not compared
};

/// Throws std::runtime_error, with the line, when the file is not in its format.
[[nodiscard]] std::vector<Case> read_cases(const std::filesystem::path& file);

}  // namespace corpus
