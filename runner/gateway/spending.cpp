#include "runner/gateway/spending.hpp"

#include <algorithm>
#include <utility>

#include "runner/egress/engine.hpp"
#include "runner/egress/snapshot.hpp"
#include "runner/gateway/monthly_budgets.hpp"
#include "runner/gateway/provider_route.hpp"

namespace runagents::gateway {
namespace {

using egress::Demand;

bool has_output(llm::Api api) { return api != llm::Api::openai_embeddings && api != llm::Api::anthropic_count_tokens; }

/// Nobody's window is larger; what is said beyond it must not overflow.
constexpr std::uint64_t max_tokens = 100'000'000;

llm::Usage assumed_usage(const Inference& inference) {
  const auto& request = *inference.request;
  llm::Usage usage;
  usage.input_tokens = std::min(request.estimated_input_tokens, max_tokens);
  if (!has_output(request.api)) return usage;
  usage.output_tokens = std::min(request.max_output_tokens.value_or(usual_output_tokens), max_tokens);
  return usage;
}

/// A million dollars: no budget is larger, and sums of calls at this cost stay sound.
constexpr model::PicoDollars max_cost = 1'000'000'000'000'000'000;

model::PicoDollars at(model::PicoDollars price, std::uint64_t tokens) {
  return price != 0 && tokens > max_cost / price ? max_cost : tokens * price;
}

bool is_free(const Inference& inference) {
  const auto api = inference.endpoint.api;
  return api == llm::Api::anthropic_count_tokens || is_answered_here(*inference.route()->provider, api);
}

}  // namespace

std::optional<model::PicoDollars> cost_of(const model::Route& route, const llm::Usage& usage) {
  const auto price = route.provider->price_of(route.model);
  if (!price) return std::nullopt;
  const auto cached = std::min(usage.cached_input_tokens, usage.input_tokens);
  const auto written = std::min(usage.cache_write_tokens, usage.input_tokens - cached);
  const auto cost = at(price->input, usage.input_tokens - cached - written) +
                    at(price->cached_input.value_or(price->input), cached) +
                    at(price->cache_write.value_or(price->input), written) + at(price->output, usage.output_tokens);
  return std::min(cost, max_cost);
}

Demand estimate(const Inference& inference) {
  if (is_free(inference)) return {};
  const auto usage = assumed_usage(inference);
  return {.tokens = usage.input_tokens + usage.output_tokens, .cost = cost_of(*inference.route(), usage)};
}

void settle(egress::Engine& engine, egress::Call& call, bool answered) {
  auto& inference = *call.inference;
  if (!inference.reserved) return;
  const auto reserved = *std::exchange(inference.reserved, std::nullopt);
  Demand actual;
  if (answered && !is_free(inference)) {
    if (!inference.usage.is_known) inference.usage = assumed_usage(inference);
    inference.cost = cost_of(*inference.route(), inference.usage);
    actual = {.tokens = inference.usage.input_tokens + inference.usage.output_tokens, .cost = inference.cost};
  }
  call.snapshot->limiter->settle(*call.tool, reserved, actual);
  if (engine.monthly_budgets != nullptr) engine.monthly_budgets->settle(call, actual.cost.value_or(0));
}

}  // namespace runagents::gateway
