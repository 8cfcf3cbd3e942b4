#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/model/tool.hpp"

namespace runagents::cli {

/// Whether a tool answers, in words for a person.
struct Reach {
  bool reachable = false;
  int status = 0;  ///< of the answer to HEAD; 0: none, or the tool is served by runagents itself
  std::int64_t latency_ms = 0;
  std::string code = {};    ///< the refusal's code when it cannot be reached
  std::string detail = {};  ///< one sentence
  std::string hint = {};
  std::optional<std::chrono::sys_seconds> date = {};  ///< what time the tool says it is
};

/// Tries a tool as a call would reach it, without a credential. Blocks for at most some ten seconds.
[[nodiscard]] Reach reach_of(const model::Tool& tool);

}  // namespace runagents::cli
