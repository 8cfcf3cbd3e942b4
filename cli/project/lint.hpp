#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/model/project.hpp"

namespace runagents::cli {

/// One thing in the policies of a project that does nothing, or more than was probably meant.
struct LintFinding {
  std::string check;         ///< a stable word: "shadowed", "unused-tag", ...
  std::string policy;        ///< empty: about a tool
  std::size_t rule = 0;      ///< from 1, within the policy; 0: not about a rule
  std::size_t approval = 0;  ///< from 1, within the policy's approvals; 0: not about one
  std::string tool;          ///< what the finding is about when it is about a tool
  std::string message;
  std::string hint;
};

/// Judges the policies of a project that the reader accepted. Pure. Findings come in the order of the file, those about
/// tools last.
[[nodiscard]] std::vector<LintFinding> lint(const model::Project& project);

}  // namespace runagents::cli
