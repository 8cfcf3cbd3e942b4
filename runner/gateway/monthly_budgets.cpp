#include "runner/gateway/monthly_budgets.hpp"

#include <chrono>
#include <cstdint>

#include "core/model/model_usage.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::gateway {
namespace {

using enum model::RefusalCode;
using Changed = Result<model::ModelSpending>;

/// "2026-03"
std::string month_at(model::Time now) { return model::to_iso8601(now).substr(0, 7); }

std::uint32_t seconds_to_next_month(model::Time now) {
  using namespace std::chrono;
  const auto today = year_month_day{floor<days>(now)};
  const auto next = sys_days{(today.year() / today.month() + months{1}) / 1};
  return static_cast<std::uint32_t>(ceil<seconds>(next - now).count());
}

std::optional<model::PicoDollars> budget_of(const model::Limits& limits) {
  return limits.budget_per_month > 0 ? std::optional{limits.budget_per_month} : std::nullopt;
}

egress::Verdict refuse_beyond(const egress::Call& call, const model::ModelCharge& charge,
                              const model::ModelSpending& spending) {
  const bool is_agents =
      charge.agent_budget && charge.reserve > *charge.agent_budget - std::min(*charge.agent_budget, spending.of_agent);
  const auto whose = is_agents ? "the agent \"" + call.snapshot->agent + "\"" : call.tool->title();
  const auto budget = is_agents ? *charge.agent_budget : charge.provider_budget.value_or(0);
  const auto spent = is_agents ? spending.of_agent : spending.of_provider;
  auto refusal = egress::refuse(budget_exceeded,
                                whose + " is limited to " + model::dollars(budget) + " in a month, of which " +
                                    model::dollars(spent) + " is spent or reserved, and this call could cost " +
                                    model::dollars(charge.reserve),
                                "raise limits.budget_per_month in runagents.toml, or wait for the next month");
  refusal.error().retry_after_s = seconds_to_next_month(model::now());
  return refusal;
}

}  // namespace

http::Task<egress::Verdict> MonthlyBudgets::reserve(egress::Call& call) {
  auto& inference = *call.inference;
  model::ModelCharge charge;
  charge.provider_budget = budget_of(call.tool->limits);
  charge.agent_budget = budget_of(call.snapshot->evaluator.project().agent.limits);
  if (!charge.provider_budget && !charge.agent_budget) co_return egress::pass();
  charge.provider = call.tool->name;
  charge.month = month_at(model::now());
  charge.reserve = inference.reserved ? inference.reserved->cost.value_or(0) : 0;
  const std::function<Changed(api::ControlPlane&)> work = [run = run_id_, charge](api::ControlPlane& plane) {
    return plane.change_model_spending(run, charge);
  };
  const auto changed = co_await plane_.ask(work);
  if (!changed) {
    co_return egress::refuse(control_plane_unavailable,
                             "what is left of the month's budget is not known: " + changed.error().message,
                             changed.error().hint);
  }
  if (!changed->accepted) co_return refuse_beyond(call, charge, *changed);
  inference.charged = std::move(charge);
  co_return egress::pass();
}

void MonthlyBudgets::settle(egress::Call& call, model::PicoDollars actual) {
  auto& charged = call.inference->charged;
  if (!charged) return;
  model::ModelCharge correction;
  correction.provider = charged->provider;
  correction.month = charged->month;
  correction.release = charged->reserve;
  correction.reserve = actual;
  charged.reset();
  // Where it does not get through, the estimate stays: more than was spent, rather than less.
  plane_.post([run = run_id_, correction](api::ControlPlane& plane) {
    static_cast<void>(plane.change_model_spending(run, correction));
  });
}

}  // namespace runagents::gateway
