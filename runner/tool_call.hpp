#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "runner/run.hpp"

namespace runagents {

/// One call that a person makes as the agent would: same pipeline, same record, no agent.
struct ToolCall {
  std::string tool;
  std::string method;
  std::string path;  ///< below the tool's base URL, with an optional query
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct ToolAnswer {
  std::string run_id;
  int status = 0;
  bool refused = false;  ///< answered by the pipeline, not by the tool
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What follows an answer: another call to the same tool in the same run, or nothing.
using NextCall = std::function<std::optional<ToolCall>(const ToolAnswer& answer)>;

/// Makes the call in a run of its own, and those that `next` wants after it; returns the last answer. An error means
/// that there was no call: unknown tool, a header that no request can have, no store. Blocks until the answer is
/// complete; bodies of answers beyond 64 MiB are an error.
[[nodiscard]] Result<ToolAnswer> call_tool(const RunOptions& options, const RunPlanes& planes, const ToolCall& call,
                                           const NextCall& next = {});

}  // namespace runagents
