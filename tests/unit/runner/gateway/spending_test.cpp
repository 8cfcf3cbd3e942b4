#include "runner/gateway/spending.hpp"

#include <doctest/doctest.h>

namespace runagents::gateway {
namespace {

using egress::Demand;
using egress::Limiter;
using Limit = Limiter::Outcome::Limit;

model::Provider priced() {
  model::Provider provider;
  provider.name = "p";
  provider.prices = {{"m", {.input = 10, .output = 20, .cached_input = 1, .cache_write = 15}}};
  return provider;
}

Inference asking(const model::Provider& provider, llm::Api api, std::string body) {
  Inference inference{api};
  inference.endpoint.api = api;
  auto request = llm::read_request(api, std::move(body));
  REQUIRE(request.has_value());
  inference.request = *std::move(request);
  inference.routes = {{&provider, "m", true}};
  return inference;
}

TEST_CASE("the price of an answer knows what came from a cache and what went into one") {
  const auto provider = priced();
  const model::Route route{&provider, "m", true};
  llm::Usage usage{.input_tokens = 100, .output_tokens = 10};
  CHECK(cost_of(route, usage) == 100 * 10 + 10 * 20);
  usage.cached_input_tokens = 40;
  usage.cache_write_tokens = 20;
  CHECK(cost_of(route, usage) == 40 * 10 + 40 * 1 + 20 * 15 + 10 * 20);
  CHECK(cost_of({&provider, "unknown", true}, usage) == std::nullopt);
}

TEST_CASE("no count of a provider's and no price make a cost that begins anew at nothing") {
  auto provider = priced();
  constexpr model::PicoDollars dearest = 1'000'000'000'000;
  constexpr model::PicoDollars most = 1'000'000'000'000'000'000;
  provider.prices = {{"m", {.input = dearest, .output = dearest, .cached_input = dearest, .cache_write = dearest}}};
  const std::uint64_t many = std::uint64_t{1} << 40U;
  CHECK(cost_of({&provider, "m", true}, {.input_tokens = many, .output_tokens = many}) == most);
  CHECK(cost_of({&provider, "m", true}, {.input_tokens = many, .output_tokens = 1, .cached_input_tokens = many}) ==
        most);
}

TEST_CASE("an estimate takes the output that the question allows, for each answer that it asks for") {
  const auto provider = priced();
  const std::string head = R"({"model":"m","messages":[{"role":"user","content":"hello there"}])";
  const auto usual = asking(provider, llm::Api::openai_chat, head + "}");
  const auto input = usual.request->estimated_input_tokens;
  CHECK(estimate(usual).tokens == input + usual_output_tokens);
  const auto limited = asking(provider, llm::Api::openai_chat, head + R"(,"max_tokens":50})");
  CHECK(estimate(limited).tokens == limited.request->estimated_input_tokens + 50);
  CHECK(estimate(limited).cost == limited.request->estimated_input_tokens * 10 + 50 * 20);
  const auto several = asking(provider, llm::Api::openai_chat, head + R"(,"max_tokens":50,"n":3})");
  CHECK(estimate(several).tokens == several.request->estimated_input_tokens + 150);
  const auto embedding = asking(provider, llm::Api::openai_embeddings, R"({"model":"m","input":"hello"})");
  CHECK(estimate(embedding).tokens == embedding.request->estimated_input_tokens);
}

TEST_CASE("a maximum beyond all reason does not overflow") {
  const auto provider = priced();
  const auto greedy = asking(provider, llm::Api::openai_chat,
                             R"({"model":"m","messages":[],"max_tokens":18446744073709551615,"n":99999999})");
  const auto demand = estimate(greedy);
  CHECK(demand.tokens >= 100'000'000);
  CHECK(demand.cost > demand.tokens);
}

TEST_CASE("of calls that race for the last of a budget only as many pass as it pays for") {
  model::Tool tool;
  tool.limits.budget_per_run = 1000;
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{}, tools};
  const Demand demand{.tokens = 10, .cost = 300};
  const Limiter::Clock::time_point now{std::chrono::hours{1}};
  int passed = 0;
  for (int i = 0; i < 50; ++i) passed += limiter.take(tool, now, demand).limit == Limit::none ? 1 : 0;
  CHECK(passed == 3);
  // One of them cost less than expected: there is room again.
  limiter.settle(tool, demand, {.tokens = 1, .cost = 10});
  CHECK(limiter.take(tool, now, demand).limit == Limit::none);
  CHECK(limiter.take(tool, now, demand).limit == Limit::money);
  CHECK(limiter.take(tool, now, {.tokens = 1, .cost = 0}).limit == Limit::none);
}

TEST_CASE("without a price nothing is spent under a budget") {
  model::Tool tool;
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{.budget_per_month = 1}, tools};
  const auto outcome = limiter.take(tool, {}, {.tokens = 1, .cost = std::nullopt});
  CHECK(outcome.limit == Limit::no_price);
  CHECK(outcome.of_agent);
}

TEST_CASE("tokens come back with time, and an estimate that was too low is paid off first") {
  model::Tool tool;
  tool.limits.tokens_per_minute = 600;
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{}, tools};
  const Limiter::Clock::time_point start{std::chrono::hours{1}};
  const Demand demand{.tokens = 400, .cost = 0};
  CHECK(limiter.take(tool, start, demand).limit == Limit::none);
  const auto refused = limiter.take(tool, start, demand);
  CHECK(refused.limit == Limit::tokens);
  CHECK(refused.wait == std::chrono::seconds{20});
  limiter.settle(tool, demand, {.tokens = 1200, .cost = 0});
  CHECK(limiter.take(tool, start, demand).wait == std::chrono::seconds{100});
  CHECK(limiter.take(tool, start + std::chrono::seconds{101}, demand).limit == Limit::none);
}

TEST_CASE("a call that wants more tokens than a minute has passes when none were used") {
  model::Tool tool;
  tool.limits.tokens_per_minute = 100;
  const std::vector<const model::Tool*> tools{&tool};
  Limiter limiter{{}, tools};
  const Limiter::Clock::time_point start{std::chrono::hours{1}};
  CHECK(limiter.take(tool, start, {.tokens = 5000, .cost = 0}).limit == Limit::none);
  CHECK(limiter.take(tool, start, {.tokens = 1, .cost = 0}).limit == Limit::tokens);
}

}  // namespace
}  // namespace runagents::gateway
