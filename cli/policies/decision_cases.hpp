#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace runagents::cli {

/// One expected decision.
///
/// A file of them is text: one case per line, blank lines and lines that begin with "#" mean nothing, words are
/// separated by blanks.
///
///     == NAME: WHAT IS SHOWN
///     METHOD URL [user=ID] -> WORD [POLICY#RULE [CAPABILITY]]   # remark
///
/// A section is judged with the project file NAME.toml beside the file; cases before the first section with the project
/// of the command. WORD is ALLOW or the code of the refusal; "-" stands for no rule and no capability, and what is
/// absent on the right is not compared. In METHOD and URL, \xHH is a byte and \\ a backslash.
struct DecisionCase {
  std::size_t line = 0;  ///< from 1
  std::string section;   ///< NAME; empty before the first section
  std::string method;
  std::string url;
  std::string user;  ///< empty: nobody
  std::string expected;
  std::optional<std::string> rule;
  std::optional<std::string> capability;
};

/// Reads a file's text. The error is ErrorCode::configuration and names `file` and the line.
[[nodiscard]] Result<std::vector<DecisionCase>> read_decision_cases(std::string_view text, std::string_view file);

}  // namespace runagents::cli
