#include "core/model/model_usage.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/egress/stages.hpp"
#include "runner/gateway/spending.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Limit = Limiter::Outcome::Limit;

// A budget is not refilled within a run; the value only keeps polite clients from trying at once.
constexpr std::uint32_t budget_retry_after_s = 3600;

std::unexpected<Refusal> refused(const Limiter::Outcome& outcome, const model::Limits& limits, const std::string& whose,
                                 std::string_view model) {
  switch (outcome.limit) {
    case Limit::rate:
      return refuse(rate_limited,
                    whose + " is limited to " + std::to_string(limits.requests_per_minute) + " calls per minute",
                    "wait for the time that Retry-After names");
    case Limit::tokens:
      return refuse(rate_limited,
                    whose + " is limited to " + std::to_string(limits.tokens_per_minute) + " tokens per minute",
                    "wait for the time that Retry-After names");
    case Limit::money:
      return refuse(budget_exceeded,
                    whose + " is limited to " + model::dollars(limits.budget_per_run) +
                        " per run, and this call could cost more than is left of it",
                    "ask for fewer tokens, raise limits.budget_per_run in runagents.toml, or start another run");
    case Limit::no_price:
      return refuse(budget_exceeded,
                    whose + " has a budget, and the model \"" + std::string{model} + "\" has no price to count it by",
                    "add the model to the prices of its provider");
    default:
      break;
  }
  return refuse(budget_exceeded, whose + " is limited to " + std::to_string(limits.calls_per_run) + " calls per run",
                "raise limits.calls_per_run in runagents.toml, or start another run");
}

}  // namespace

// Limits: calls per minute and per run, of the tool and of the agent; of models tokens and money, too. What keeps a
// conversation with an MCP server up is no call.
Verdict apply_limits(const Snapshot& snapshot, Call& call) {
  if (call.mcp && call.mcp->is_upkeep()) return pass();
  const auto demand = call.inference ? gateway::estimate(*call.inference) : Demand{};
  const auto outcome = snapshot.limiter->take(*call.tool, call.started, demand);
  if (outcome.limit == Limit::none) {
    if (call.inference) call.inference->reserved = demand;
    return pass();
  }
  const auto& limits = outcome.of_agent ? snapshot.evaluator.project().agent.limits : call.tool->limits;
  const auto whose = outcome.of_agent ? "the agent \"" + snapshot.agent + "\"" : call.tool->title();
  auto refusal = refused(outcome, limits, whose, call.operation().method);
  const bool passes_later = outcome.limit == Limit::rate || outcome.limit == Limit::tokens;
  refusal.error().retry_after_s =
      passes_later ? static_cast<std::uint32_t>((outcome.wait.count() + 999) / 1000) : budget_retry_after_s;
  return refusal;
}

}  // namespace runagents::egress
