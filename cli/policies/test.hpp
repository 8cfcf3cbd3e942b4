#pragma once

#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

struct PoliciesTest {
  std::string config = {};
  std::string file = {};  ///< "-": standard input
  bool verbose = false;
};

/// Judges every case of a file (see decision_cases.hpp). Ends with 0, or with 9 when a decision is not the expected
/// one.
[[nodiscard]] Outcome test_policies(const PoliciesTest& options, Context& context);

/// What --help says of the file's format.
[[nodiscard]] std::string test_description();

}  // namespace runagents::cli
