#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
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

/// What somebody else's clock said, in the `Date` of an answer.
struct HeardTime {
  std::string from = {};  ///< "the tool \"stripe\""
  std::chrono::sys_seconds theirs;
  model::Time ours;  ///< when the answer came
};
using HeardTimes = std::vector<HeardTime>;

/// Looks at everything a run depends on. Ends with 0, or with 9 when something is broken.
[[nodiscard]] Outcome examine(const Doctor& options, Context& context);

// The single examinations. Those that speak to others add what time these said it was.
[[nodiscard]] std::vector<Diagnosis> examine_kernel();
[[nodiscard]] Diagnosis examine_roots(const std::vector<std::filesystem::path>& candidates);
[[nodiscard]] std::vector<Diagnosis> examine_directories(const config::Directories& directories);
/// Whether what calls leave behind still fits on the disk of this directory, or of where it would be made.
[[nodiscard]] Diagnosis examine_room(const std::filesystem::path& directory);
[[nodiscard]] Diagnosis examine_store(const std::filesystem::path& data_directory, const Context& context);
/// The control plane that commands are pointed at. Nothing, where that is the store of this machine.
[[nodiscard]] std::vector<Diagnosis> examine_server(Context& context, HeardTimes& times);
/// The project's file, its secrets, its tools and the providers of its models.
[[nodiscard]] std::vector<Diagnosis> examine_project(const Doctor& options, const Context& context, HeardTimes& times);
/// A clock that agrees with any other one is right.
[[nodiscard]] Diagnosis examine_clock(model::Time now, const HeardTimes& times);

/// When a token says that it expires (RFC 7519, `exp`); nothing, where the text is no signed JWT.
[[nodiscard]] std::optional<std::chrono::sys_seconds> expiry_of(std::string_view token);

}  // namespace runagents::cli
