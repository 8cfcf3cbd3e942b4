#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using namespace runagents;
using model::ModelCharge;
using tests::Plane;
using tests::TemporaryDirectory;

constexpr model::PicoDollars dollar = 1'000'000'000'000;

model::Run run_of(const std::string& id, const std::string& agent = "billing-agent") {
  model::Run run;
  run.id = id;
  run.agent = agent;
  run.isolation = "none";
  return run;
}

ModelCharge charge(model::PicoDollars amount, std::optional<model::PicoDollars> agent_budget = {},
                   const std::string& provider = "openai") {
  ModelCharge wanted;
  wanted.provider = provider;
  wanted.month = "2026-03";
  wanted.reserve = amount;
  wanted.agent_budget = agent_budget;
  return wanted;
}

model::ModelSpending changed(Plane& plane, const std::string& run, const ModelCharge& wanted) {
  const auto spending = plane->change_model_spending(run, wanted);
  REQUIRE(spending.has_value());
  return *spending;
}

}  // namespace

TEST_CASE("what is reserved counts at once, and no more passes than the budget pays for") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  int accepted = 0;
  for (int i = 0; i < 10; ++i) accepted += changed(plane, "RUN1", charge(3 * dollar, 10 * dollar)).accepted ? 1 : 0;
  CHECK(accepted == 3);
  CHECK(changed(plane, "RUN1", charge(0, 10 * dollar)).of_agent == 9 * dollar);
}

TEST_CASE("a correction puts what it cost in the place of what was reserved, and is never refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  REQUIRE(changed(plane, "RUN1", charge(9 * dollar, 10 * dollar)).accepted);
  auto correction = charge(dollar / 2);
  correction.release = 9 * dollar;
  CHECK(changed(plane, "RUN1", correction).of_provider == dollar / 2);
  CHECK(changed(plane, "RUN1", charge(9 * dollar, 10 * dollar)).accepted);
  auto dearer = charge(20 * dollar);
  dearer.release = 9 * dollar;
  const auto spending = changed(plane, "RUN1", dearer);
  CHECK(spending.accepted);
  CHECK(spending.of_agent == 20 * dollar + dollar / 2);
  CHECK_FALSE(changed(plane, "RUN1", charge(1, 10 * dollar)).accepted);
}

TEST_CASE("more is never released than there is") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  auto release = charge(0);
  release.release = 5 * dollar;
  CHECK(changed(plane, "RUN1", release).of_provider == 0);
}

TEST_CASE("an agent's budget is over all its runs and providers, a provider's over its own") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (const auto* id : {"RUN1", "RUN2"}) REQUIRE(plane->create_run(run_of(id)).has_value());
  REQUIRE(plane->create_run(run_of("RUN3", "other-agent")).has_value());
  REQUIRE(changed(plane, "RUN1", charge(4 * dollar, 10 * dollar)).accepted);
  REQUIRE(changed(plane, "RUN2", charge(4 * dollar, 10 * dollar, "azure")).accepted);
  CHECK_FALSE(changed(plane, "RUN2", charge(4 * dollar, 10 * dollar)).accepted);
  auto own = charge(4 * dollar, {}, "azure");
  own.provider_budget = 8 * dollar;
  CHECK(changed(plane, "RUN2", own).accepted);
  CHECK_FALSE(changed(plane, "RUN2", own).accepted);
  CHECK(changed(plane, "RUN3", charge(10 * dollar, 10 * dollar)).accepted);
}

TEST_CASE("a month has nothing to do with another") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  REQUIRE(changed(plane, "RUN1", charge(10 * dollar, 10 * dollar)).accepted);
  auto later = charge(10 * dollar, 10 * dollar);
  later.month = "2026-04";
  CHECK(changed(plane, "RUN1", later).accepted);
}

TEST_CASE("charges that make no sense are refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  auto nobody = charge(1);
  nobody.provider.clear();
  CHECK(plane->change_model_spending("RUN1", nobody).error().code == ErrorCode::usage);
  for (const auto* month : {"", "2026", "2026-3", "march", "2026-03-01", "2026x03"}) {
    auto when = charge(1);
    when.month = month;
    CAPTURE(month);
    CHECK(plane->change_model_spending("RUN1", when).error().code == ErrorCode::usage);
  }
  CHECK(plane->change_model_spending("RUN1", charge(UINT64_MAX / 2)).error().code == ErrorCode::usage);
  CHECK(plane->change_model_spending("NONE", charge(1)).error().code == ErrorCode::not_found);
}

TEST_CASE("a run keeps what its models were used for, and a server counts it from the events") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  REQUIRE(plane->create_run(run_of("RUN1")).has_value());
  const std::vector<model::ModelUsage> used{{"openai", "gpt", 2, 100, 50, 345'000'000}};
  REQUIRE(plane->change_run("RUN1", {model::RunStatus::running, {}, {}, api::RunCounts{2, 0, 0, used}}).has_value());
  const auto run = plane->get_run("RUN1");
  REQUIRE(run.has_value());
  REQUIRE(run->models.size() == 1);
  CHECK(run->models[0].input_tokens == 100);
  CHECK(run->models[0].cost == 345'000'000);

  REQUIRE(plane->create_run(run_of("RUN2")).has_value());
  const auto event = [](int seq, std::string_view decision, std::string_view rest) {
    return R"({"seq":)" + std::to_string(seq) + R"(,"type":"MODEL_CALLED","tool":"openai","model":"gpt","decision":")" +
           std::string{decision} + "\"" + std::string{rest} + "}";
  };
  const std::vector<std::string> first{
      event(1, "allowed", R"(,"input_tokens":10,"output_tokens":5,"cost_usd":0.0000345)"), event(2, "refused", "")};
  const std::vector<std::string> second{event(3, "approved", R"(,"input_tokens":1,"output_tokens":1,"cost_usd":0.5)")};
  REQUIRE(plane->append_events("RUN2", first).has_value());
  REQUIRE(plane->append_events("RUN2", second).has_value());
  const auto counted = plane->get_run("RUN2");
  REQUIRE(counted.has_value());
  CHECK(counted->calls == 3);
  CHECK(counted->refused == 1);
  REQUIRE(counted->models.size() == 1);
  CHECK(counted->models[0].calls == 2);
  CHECK(counted->models[0].input_tokens == 11);
  CHECK(counted->models[0].cost == 500'034'500'000);
}
