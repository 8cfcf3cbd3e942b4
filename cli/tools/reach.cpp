#include "cli/tools/reach.hpp"

#include <fmt/format.h>

#include "runner/egress/probe.hpp"

namespace runagents::cli {

Reach reach_of(const model::Tool& tool) {
  if (tool.base_url.scheme == "builtin") {
    Reach served;
    served.reachable = true;
    served.detail = "served by runagents itself";
    return served;
  }
  const auto result = egress::probe(tool);
  Reach reach;
  reach.reachable = result.reachable;
  reach.status = result.status;
  reach.latency_ms = result.latency.count();
  reach.date = result.date;
  if (result.reachable) {
    reach.detail = fmt::format("HEAD answered with {} after {} ms", result.status, reach.latency_ms);
  } else if (result.refusal) {
    reach.code = model::traits(result.refusal->code).word;
    reach.detail = result.refusal->message;
    reach.hint = result.refusal->hint;
  }
  return reach;
}

}  // namespace runagents::cli
