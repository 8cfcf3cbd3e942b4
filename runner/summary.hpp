#pragma once

#include <chrono>
#include <string>

#include "runner/egress/recorder.hpp"
#include "runner/launch/agent_process.hpp"

namespace runagents {

/// What is said of a run when it has ended.
struct Summary {
  std::string run_id;
  std::string agent;
  std::string isolation;
  bool observe = false;
  std::chrono::milliseconds duration{0};
  launch::ExitStatus exit;
  egress::Totals totals;
};

/// For people: a line for the run, one for its calls, one for each refusal; ends in a newline.
[[nodiscard]] std::string to_text(const Summary& summary, bool colour);

/// For machines: one JSON object, one line.
[[nodiscard]] std::string to_json(const Summary& summary);

}  // namespace runagents
