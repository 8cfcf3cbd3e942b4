#include <benchmark/benchmark.h>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "core/policy/evaluator.hpp"
#include "core/policy/target.hpp"

// What the static part of the pipeline costs per call. `allocations` counts calls of operator new per iteration.

namespace {

std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }

namespace {

using namespace runagents;
using namespace runagents::policy;

class AllocationCounter {
 public:
  explicit AllocationCounter(benchmark::State& state) : state_(state), before_(allocations) {}
  ~AllocationCounter() {
    state_.counters["allocations"] =
        benchmark::Counter(static_cast<double>(allocations - before_), benchmark::Counter::kAvgIterations);
  }
  AllocationCounter(const AllocationCounter&) = delete;
  AllocationCounter& operator=(const AllocationCounter&) = delete;

 private:
  benchmark::State& state_;
  std::size_t before_;
};

void canonical_path_of(benchmark::State& state, std::string_view raw) {
  std::string scratch;
  const AllocationCounter counter(state);
  for (auto _ : state) benchmark::DoNotOptimize(canonical_path(raw, scratch));
}

void canonical_host_of(benchmark::State& state, std::string_view raw) {
  std::string scratch;
  const AllocationCounter counter(state);
  for (auto _ : state) benchmark::DoNotOptimize(canonical_host(raw, scratch));
}

BENCHMARK_CAPTURE(canonical_path_of, plain_30_bytes, "/v1/charges/ch_1Nabcdefghijklm");
BENCHMARK_CAPTURE(canonical_path_of, plain_120_bytes,
                  "/v1/customers/cus_0123456789abcdef/subscriptions/sub_0123456789abcdef/items/si_0123456789abcdef/"
                  "usage_record_summaries");
BENCHMARK_CAPTURE(canonical_path_of, encoded_space, "/files/annual%20report/2025.pdf");
BENCHMARK_CAPTURE(canonical_path_of, respelled, "/v1/%63harges/%7echarge/ch_1Nabc");
BENCHMARK_CAPTURE(canonical_path_of, dot_segments, "/v1/x/../charges/./ch_1Nabcdefgh");
BENCHMARK_CAPTURE(canonical_host_of, plain, "api.stripe.com");
BENCHMARK_CAPTURE(canonical_host_of, upper_case, "API.Stripe.com");

std::string numbered(const char* text, std::size_t number) { return text + std::to_string(number); }

/// `tools` hosts with 20 capabilities each, and `rules` rules of every sort in policies of 100.
Evaluator build(std::size_t tools, std::size_t rules) {
  model::Project project;
  project.agent.name = "bench";
  for (std::size_t i = 0; i < tools; ++i) {
    model::Tool tool;
    tool.name = numbered("tool", i);
    tool.base_url = {.scheme = "https", .host = numbered("api", i) + ".example", .port = 443, .path = "/v1"};
    tool.risk_tags = {numbered("tag", i % 50)};
    for (std::size_t c = 0; c < 20; ++c) {
      tool.capabilities.push_back({.name = numbered("c", c),
                                   .method = c % 2 == 0 ? "GET" : "POST",
                                   .path = numbered("/kind", c / 2) + "/{id}",
                                   .description = {},
                                   .risk_tags = {numbered("risk", c % 5)}});
    }
    project.agent.tools.push_back(tool.name);
    project.tools.push_back(std::move(tool));
  }
  for (std::size_t i = 0; i < rules; ++i) {
    if (i % 100 == 0)
      project.policies.push_back({.name = numbered("p", i / 100), .rules = {}, .approvals = {}, .subjects = {}});
    model::Rule rule;
    const auto host = "https://" + numbered("api", i % tools) + ".example";
    switch (i % 5) {
      case 0:
        rule.permission = model::Permission::allow;
        rule.tool = numbered("tool", i % tools);
        rule.operations = {"GET"};
        break;
      case 1:
        rule.permission = model::Permission::deny;
        rule.resource = host + numbered("/v1/kind", i % 37) + "/secret/*";
        break;
      case 2:
        rule.permission = model::Permission::approval_required;
        rule.tags = {numbered("risk", i % 7)};
        rule.operations = {"DELETE"};
        break;
      case 3:
        rule.permission = model::Permission::deny;
        rule.users = {numbered("user", i)};
        break;
      default:
        rule.permission = model::Permission::allow;
        rule.resource = host + numbered("/v1/kind", i % 41) + "/{id}";
        rule.operations = {"POST"};
    }
    project.policies.back().rules.push_back(std::move(rule));
  }
  return Evaluator(std::move(project));
}

void decide(benchmark::State& state) {
  const auto evaluator = build(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  Operation operation{.tool = nullptr,
                      .method = "GET",
                      .path = "/v1/kind3/ch_1Nabcdefghijklm",
                      .end_user = EndUser{"user4", {}},
                      .now = {}};
  const AllocationCounter counter(state);
  for (auto _ : state) {
    operation.tool = evaluator.identify("api0.example", 443, operation.path);
    const auto* capability = evaluator.capability(operation);
    benchmark::DoNotOptimize(evaluator.decide(operation, capability));
  }
  if (evaluator.decide(operation, evaluator.capability(operation)).permission != model::Permission::allow) {
    state.SkipWithError("the call is not allowed");
  }
}
BENCHMARK(decide)->Name("identify_capability_decide")->ArgNames({"tools", "rules"})->Args({2, 10})->Args({1000, 10000});

void only_decide(benchmark::State& state) {
  const auto evaluator = build(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const Operation operation{.tool = evaluator.tools().front(),
                            .method = "GET",
                            .path = "/v1/kind3/ch_1Nabcdefghijklm",
                            .end_user = {},
                            .now = {}};
  const auto* capability = evaluator.capability(operation);
  const AllocationCounter counter(state);
  for (auto _ : state) benchmark::DoNotOptimize(evaluator.decide(operation, capability));
}
BENCHMARK(only_decide)->Name("decide")->ArgNames({"tools", "rules"})->Args({2, 10})->Args({1000, 10000});

void compile(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(build(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1))));
}
BENCHMARK(compile)->ArgNames({"tools", "rules"})->Args({2, 10})->Args({1000, 10000})->Unit(benchmark::kMillisecond);

}  // namespace
