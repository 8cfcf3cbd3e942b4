#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

struct Doctor {
  std::string config = {};
};

/// One thing that was looked at.
struct Diagnosis {
  enum class State { fine, notice, broken };
  std::string check = {};  ///< a stable word: "store", "ca-bundle", "tool echo"
  State state = State::fine;
  std::string detail = {};
  std::string remedy = {};  ///< what to do; empty when it is fine
};

/// Looks at everything a run depends on. Ends with 0, or with 9 when something is broken.
[[nodiscard]] Outcome examine(const Doctor& options, Context& context);

// The single examinations, in the order in which they are printed.
[[nodiscard]] std::vector<Diagnosis> examine_kernel();
[[nodiscard]] Diagnosis examine_clock(model::Time now);
[[nodiscard]] Diagnosis examine_roots(const std::vector<std::filesystem::path>& candidates);
[[nodiscard]] std::vector<Diagnosis> examine_directories(const config::Directories& directories);
[[nodiscard]] Diagnosis examine_store(const Context& context);

}  // namespace runagents::cli
