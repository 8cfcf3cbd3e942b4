#include "runner/egress/limiter.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

// A budget is not refilled within a run; the value only keeps polite clients from trying at once.
constexpr std::uint32_t budget_retry_after_s = 3600;

}  // namespace

// Limits: calls per minute and per run, of the tool and of the agent. What keeps a conversation with an MCP server up
// is no call.
Verdict apply_limits(const Snapshot& snapshot, Call& call) {
  if (call.mcp && call.mcp->is_upkeep()) return pass();
  const auto outcome = snapshot.limiter->take(*call.tool, call.started);
  if (outcome.limit == Limiter::Outcome::Limit::none) return pass();
  const auto& limits = outcome.of_agent ? snapshot.evaluator.project().agent.limits : call.tool->limits;
  const auto whose = outcome.of_agent ? "the agent \"" + snapshot.agent + "\"" : call.tool->title();
  const bool rate = outcome.limit == Limiter::Outcome::Limit::rate;
  auto refusal =
      rate ? refuse(model::RefusalCode::rate_limited,
                    whose + " is limited to " + std::to_string(limits.requests_per_minute) + " calls per minute",
                    "wait for the time that Retry-After names")
           : refuse(model::RefusalCode::budget_exceeded,
                    whose + " is limited to " + std::to_string(limits.calls_per_run) + " calls per run",
                    "raise limits.calls_per_run in runagents.toml, or start another run");
  refusal.error().retry_after_s =
      rate ? static_cast<std::uint32_t>((outcome.wait.count() + 999) / 1000) : budget_retry_after_s;
  return refusal;
}

}  // namespace runagents::egress
