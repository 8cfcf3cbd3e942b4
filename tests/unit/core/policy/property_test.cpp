#include <algorithm>
#include <doctest/doctest.h>
#include <string>

#include "core/policy/evaluator.hpp"
#include "core/policy/pattern.hpp"
#include "tests/unit/core/policy/oracle.hpp"
#include "tests/unit/core/policy/random_call.hpp"

// What must hold for every project and every call.

using runagents::tests::effort;
using sample::Dice;
using sample::Evaluator;
using sample::on_random_calls;
using sample::Operation;
using sample::Permission;
using sample::Rule;

namespace {

int strictness(Permission permission) {
  if (permission == Permission::deny) return 2;
  return permission == Permission::approval_required ? 1 : 0;
}

Evaluator with_rule(const Evaluator& evaluator, Rule rule, bool first) {
  auto project = evaluator.project();
  const auto extra = sample::policy("extra", {std::move(rule)});
  project.policies.insert(first ? project.policies.begin() : project.policies.end(), extra);
  return Evaluator(std::move(project));
}

Permission decide_in(const Evaluator& evaluator, Operation operation) {
  operation.tool = evaluator.project().tool(operation.tool->name);
  return sample::decide(evaluator, operation).permission;
}

}  // namespace

TEST_CASE("the compiled evaluator agrees with one that scans every rule") {
  on_random_calls(1, 1500, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    const auto* capability = evaluator.capability(operation);
    const auto found = oracle::outcome(evaluator.decide(operation, capability));
    const auto expected = oracle::decide(evaluator.project(), operation, capability);
    CAPTURE(operation.path);
    CAPTURE(found.policy);
    CAPTURE(found.rule);
    CAPTURE(expected.policy);
    CAPTURE(expected.rule);
    REQUIRE(found == expected);
  });
}

TEST_CASE("a found tool holds the path, and no other tool with a longer base path covers it") {
  on_random_calls(2, 500, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    const auto& found = operation.tool->base_url;
    REQUIRE(std::string(operation.path).append("/").starts_with(found.path + "/"));
    for (const auto* other : evaluator.tools()) {
      const auto& base = other->base_url;
      if (base.host != found.host || base.port != found.port || base.path.size() <= found.path.size()) continue;
      REQUIRE_FALSE((oracle::lax(operation.path) + "/").starts_with(oracle::lax(base.path) + "/"));
    }
  });
}

TEST_CASE("a found capability matches exactly, and one is found unless a different spelling is in doubt") {
  on_random_calls(3, 1000, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    const auto relative = operation.path.substr(operation.tool->base_url.path.size());
    const auto path = relative.empty() ? "/" : relative;
    const auto fits = [&](const runagents::model::Capability& one, auto matches) {
      return (one.method == "*" || one.method == operation.method) && matches(one.path, path);
    };
    const auto* found = evaluator.capability(operation);
    if (found != nullptr) {
      REQUIRE(fits(*found, oracle::matches));
      return;
    }
    const auto& all = operation.tool->capabilities;
    const bool exact = std::ranges::any_of(all, [&](const auto& one) { return fits(one, oracle::matches); });
    const bool in_doubt = std::ranges::any_of(
        all, [&](const auto& one) { return fits(one, oracle::covers) && !fits(one, oracle::matches); });
    REQUIRE((!exact || in_doubt));
  });
}

TEST_CASE("deny always wins") {
  on_random_calls(4, 300, [](Dice& dice, const Evaluator& evaluator, const Operation& operation) {
    const auto denying = with_rule(evaluator, {.permission = Permission::deny}, dice.chance(50));
    REQUIRE(decide_in(denying, operation) == Permission::deny);
  });
}

TEST_CASE("a further deny or approval rule never opens anything") {
  on_random_calls(5, 300, [](Dice& dice, const Evaluator& evaluator, const Operation& operation) {
    auto rule = sample::random_rule(dice, evaluator.project().tools);
    rule.permission = Permission::deny;
    const auto before = decide_in(evaluator, operation);
    REQUIRE(strictness(decide_in(with_rule(evaluator, rule, dice.chance(50)), operation)) >= strictness(before));
    rule.permission = Permission::approval_required;
    const auto after = decide_in(with_rule(evaluator, rule, dice.chance(50)), operation);
    REQUIRE((after != Permission::allow || before == Permission::allow));
  });
}

TEST_CASE("a further allow rule overrides neither deny nor approval") {
  on_random_calls(6, 300, [](Dice& dice, const Evaluator& evaluator, const Operation& operation) {
    const auto decision = sample::decide(evaluator, operation);
    const auto after = decide_in(with_rule(evaluator, {.permission = Permission::allow}, dice.chance(50)), operation);
    const bool by_default = decision.policy == nullptr;
    REQUIRE(after == (by_default ? Permission::allow : decision.permission));
  });
}

TEST_CASE("a further allow rule never refuses anything") {
  on_random_calls(11, 300, [](Dice& dice, const Evaluator& evaluator, const Operation& operation) {
    auto rule = sample::random_rule(dice, evaluator.project().tools);
    rule.permission = Permission::allow;
    const auto before = decide_in(evaluator, operation);
    REQUIRE(strictness(decide_in(with_rule(evaluator, rule, dice.chance(50)), operation)) <= strictness(before));
  });
}

TEST_CASE("without a rule everything is denied") {
  on_random_calls(12, 100, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    auto project = evaluator.project();
    for (auto& policy : project.policies) policy.rules.clear();
    REQUIRE(decide_in(Evaluator{std::move(project)}, operation) == Permission::deny);
  });
}

TEST_CASE("the order of policies and of their rules decides nothing") {
  on_random_calls(13, 300, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    auto project = evaluator.project();
    std::ranges::reverse(project.policies);
    for (auto& policy : project.policies) std::ranges::reverse(policy.rules);
    REQUIRE(decide_in(Evaluator{std::move(project)}, operation) == decide_in(evaluator, operation));
  });
}

TEST_CASE("another spelling of a call is the same call, and is decided the same") {
  std::size_t respelled = 0;
  on_random_calls(14, 500, [&respelled](Dice& dice, const Evaluator& evaluator, const Operation& operation) {
    const auto& base = operation.tool->base_url;
    const auto origin = base.scheme + "://" + base.authority();
    const auto explained = [&](const std::string& path) {
      return runagents::policy::explain(evaluator, operation.method, origin + path, operation.end_user, operation.now);
    };
    const auto plain = explained(std::string{operation.path});
    const auto other = explained(sample::respelled(dice, operation.path));
    CAPTURE(operation.path);
    REQUIRE(other.url == plain.url);
    REQUIRE(other.tool == plain.tool);
    REQUIRE(other.capability == plain.capability);
    REQUIRE(other.code == plain.code);
    REQUIRE(oracle::outcome(other.decision) == oracle::outcome(plain.decision));
    ++respelled;
  });
  CHECK(respelled > effort(5000));
}

TEST_CASE("explain agrees with decide, line by line") {
  on_random_calls(7, 500, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    const auto& base = operation.tool->base_url;
    const auto url = base.scheme + "://" + base.authority() + std::string(operation.path);
    const auto verdict =
        runagents::policy::explain(evaluator, operation.method, url, operation.end_user, operation.now);
    REQUIRE(verdict.tool == operation.tool);
    REQUIRE(verdict.capability == evaluator.capability(operation));
    REQUIRE(oracle::outcome(verdict.decision) == oracle::outcome(sample::decide(evaluator, operation)));
    int strictest = -1;
    for (const auto& line : verdict.considered) {
      if (!line.contains(": matched")) continue;
      const auto word = line.substr(line.find("  ") + 2);
      strictest = std::max(strictest, word.starts_with("deny") ? 2 : word.starts_with("approval_required") ? 1 : 0);
    }
    const bool by_default = verdict.decision.policy == nullptr;
    REQUIRE(strictest == (by_default ? -1 : strictness(verdict.decision.permission)));
  });
}

TEST_CASE("what matches a pattern is covered by it") {
  Dice dice(8);
  std::size_t matched = 0;
  for (std::size_t i = 0; i < effort(50000); ++i) {
    const auto text = sample::random_pattern(dice);
    const auto path = sample::random_path(dice);
    const auto pattern = runagents::policy::parse_path_pattern(text);
    REQUIRE(pattern);
    REQUIRE(pattern->matches(path) == oracle::matches(text, path));
    REQUIRE(pattern->covers(path) == oracle::covers(text, path));
    REQUIRE((!pattern->matches(path) || pattern->covers(path)));
    matched += pattern->matches(path) ? 1 : 0;
  }
  CHECK(matched > effort(500));
}
