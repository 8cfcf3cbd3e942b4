#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/policy/evaluator.hpp"
#include "core/policy/json_arguments.hpp"
#include "tests/unit/core/policy/oracle.hpp"
#include "tests/unit/core/policy/random_call.hpp"

// Stored policies of many callers, held against a reading that scans everything.

using nlohmann::json;
using runagents::model::ArgumentCondition;
using runagents::model::Scalar;
using runagents::model::ToolKind;
using runagents::policy::AgentAccount;
using runagents::policy::JsonArguments;
using sample::Dice;
using sample::EndUser;
using sample::Evaluator;
using sample::Operation;
using sample::Permission;
using sample::Policy;
using sample::Rule;
using Operator = ArgumentCondition::Operator;

namespace {

constexpr std::array<std::string_view, 9> subjects = {"everyone",      "account:bot", "account:a-1",
                                                      "account:other", "user:alice",  "user:bob",
                                                      "group:g1",      "role:admin",  "attribute:t=1"};
constexpr std::array operators = {Operator::eq, Operator::ne, Operator::lt, Operator::exists};

ArgumentCondition random_condition(Dice& dice) {
  ArgumentCondition condition{.field = dice.chance(50) ? "/n" : "/deep/0", .op = dice.pick(operators), .values = {}};
  if (condition.op == Operator::exists) {
    condition.values = {dice.chance(50)};
  } else {
    condition.values = {std::int64_t(dice.below(3))};
  }
  return condition;
}

std::vector<Policy> random_policies(Dice& dice) {
  auto policies = sample::random_project(dice).policies;
  for (auto& policy : policies) {
    policy.subjects = sample::some(dice, subjects, 90);
    for (auto& rule : policy.rules) {
      for (std::size_t n = dice.chance(40) ? dice.below(3) : 0; n > 0; --n) {
        rule.arguments.push_back(random_condition(dice));
      }
    }
  }
  return policies;
}

json random_arguments(Dice& dice) {
  json arguments = json::object();
  if (dice.chance(70)) arguments["n"] = dice.chance(80) ? json(dice.below(3)) : json("text");
  if (dice.chance(70)) arguments["deep"] = json::array({dice.below(3)});
  return arguments;
}

/// Who calls, and the words that this refers to.
struct Caller {
  std::optional<AgentAccount> account;
  std::optional<EndUser> user;
  std::vector<std::string> groups;
  std::vector<std::string> roles;
  std::vector<std::string> attributes;
};

void randomize(Dice& dice, Caller& caller) {
  if (dice.chance(60)) caller.account = AgentAccount{"a-1", "bot"};
  if (dice.chance(40)) return;
  if (dice.chance(50)) caller.groups = {"g1"};
  if (dice.chance(50)) caller.roles = {"admin"};
  if (dice.chance(50)) caller.attributes = {"t=1"};
  caller.user = EndUser{.id = dice.pick(sample::users)};
  if (dice.chance(80)) caller.user->groups = caller.groups;
  if (dice.chance(80)) caller.user->roles = caller.roles;
  if (dice.chance(80)) caller.user->attributes = caller.attributes;
}

/// 1 yes, 0 no, -1 nobody knows.
int holds(const ArgumentCondition& condition, const json* arguments) {
  if (arguments == nullptr) return -1;
  const json::json_pointer place{condition.field};
  if (condition.op == Operator::exists)
    return arguments->contains(place) == std::get<bool>(condition.values[0]) ? 1 : 0;
  if (!arguments->contains(place) || !(*arguments)[place].is_number()) return -1;
  const auto value = (*arguments)[place].get<std::int64_t>();
  const auto wanted = std::get<std::int64_t>(condition.values[0]);
  if (condition.op == Operator::eq) return value == wanted ? 1 : 0;
  return (condition.op == Operator::ne ? value != wanted : value < wanted) ? 1 : 0;
}

bool fits(const Rule& rule, const Operation& operation, const json* arguments, bool foresees) {
  if (rule.arguments.empty()) return true;
  if (operation.tool->kind != ToolKind::mcp) return false;
  if (foresees) return rule.permission != Permission::deny;
  int worst = 1;
  for (const auto& condition : rule.arguments) {
    const int one = holds(condition, arguments);
    if (one == 0) return false;
    worst = std::min(worst, one);
  }
  return worst == 1 || rule.permission != Permission::allow;
}

int has_fact(const std::optional<std::span<const std::string>>& facts, std::string_view fact) {
  if (!facts) return -1;
  return oracle::has(*facts, fact) ? 1 : 0;
}

int applies_to_user(const std::string& subject, const EndUser& user) {
  const auto text = subject.substr(subject.find(':') + 1);
  if (subject.starts_with("user:")) return text == user.id ? 1 : 0;
  if (subject.starts_with("group:")) return has_fact(user.groups, text);
  if (subject.starts_with("role:")) return has_fact(user.roles, text);
  return subject.starts_with("attribute:") ? has_fact(user.attributes, text) : 0;
}

bool applies(const Policy& policy, const Operation& operation, bool on_user_side, Permission permission) {
  return std::ranges::any_of(policy.subjects, [&](const std::string& subject) {
    if (subject == "everyone") return true;
    if (!on_user_side) return operation.account && (subject == "account:bot" || subject == "account:a-1");
    const int one = applies_to_user(subject, *operation.end_user);
    return one == 1 || (one == -1 && permission != Permission::allow);
  });
}

std::optional<Permission> side(const std::vector<Policy>& policies, const Operation& operation, const json* arguments,
                               bool on_user_side, bool foresees) {
  for (const auto permission : {Permission::deny, Permission::approval_required, Permission::allow}) {
    for (const auto& policy : policies) {
      if (!applies(policy, operation, on_user_side, permission)) continue;
      for (const auto& rule : policy.rules) {
        if (rule.permission == permission && oracle::rule(rule, operation, nullptr) &&
            fits(rule, operation, arguments, foresees)) {
          return permission;
        }
      }
    }
  }
  return std::nullopt;
}

Permission expected(const std::vector<Policy>& policies, const Operation& operation, const json* arguments,
                    bool foresees) {
  if (!operation.account && !operation.end_user) return Permission::deny;
  auto worst = Permission::allow;
  for (const bool on_user_side : {false, true}) {
    if (on_user_side ? !operation.end_user.has_value() : !operation.account.has_value()) continue;
    const auto one = side(policies, operation, arguments, on_user_side, foresees).value_or(Permission::deny);
    if (one == Permission::deny) return Permission::deny;
    if (one == Permission::approval_required) worst = one;
  }
  return worst;
}

template <class Check>
void on_stored_calls(unsigned seed, std::size_t sets, Check check) {
  Dice dice(seed);
  std::map<Permission, std::size_t> seen;
  sets = runagents::tests::effort(sets);
  for (std::size_t i = 0; i < sets; ++i) {
    const auto policies = random_policies(dice);
    const Evaluator evaluator(policies);
    for (std::size_t n = 0; n < 40; ++n) {
      auto tool = sample::tool("tool" + std::to_string(dice.below(5)), std::string(dice.pick(sample::origins)));
      tool.kind = dice.chance(80) ? ToolKind::mcp : ToolKind::http;
      tool.risk_tags = sample::some(dice, sample::tags, 50);
      Caller caller;
      randomize(dice, caller);
      const auto path = sample::random_path(dice);
      const auto arguments = random_arguments(dice);
      const JsonArguments view{arguments};
      const bool are_known = dice.chance(80);
      Operation operation{.tool = &tool,
                          .method = dice.pick(sample::methods),
                          .path = path,
                          .end_user = caller.user,
                          .now = sample::noon + std::chrono::minutes(dice.below(20000))};
      operation.account = caller.account;
      operation.arguments = are_known ? &view : nullptr;
      ++seen[check(policies, evaluator, operation, are_known ? &arguments : nullptr)];
    }
  }
  for (const auto permission : {Permission::allow, Permission::deny, Permission::approval_required}) {
    CHECK(seen[permission] > sets);
  }
}

}  // namespace

TEST_CASE("stored policies decide as if every rule of every policy were read") {
  on_stored_calls(
      21, 1500,
      [](const auto& policies, const Evaluator& evaluator, const Operation& operation, const json* arguments) {
        const auto decision = evaluator.decide(operation, nullptr);
        CAPTURE(operation.path);
        REQUIRE(decision.permission == expected(policies, operation, arguments, false));
        return decision.permission;
      });
}

TEST_CASE("the order of stored policies decides nothing") {
  on_stored_calls(22, 200, [](auto policies, const Evaluator& evaluator, const Operation& operation, const json*) {
    std::ranges::reverse(policies);
    for (auto& policy : policies) std::ranges::reverse(policy.rules);
    const auto decision = evaluator.decide(operation, nullptr);
    const auto other = Evaluator(policies).decide(operation, nullptr);
    REQUIRE(other.permission == decision.permission);
    REQUIRE(other.side == decision.side);
    return decision.permission;
  });
}

TEST_CASE("acting for somebody opens nothing that is closed to either") {
  on_stored_calls(24, 300, [](const auto&, const Evaluator& evaluator, const Operation& operation, const json*) {
    const auto strictness = [](Permission permission) {
      return permission == Permission::deny ? 2 : permission == Permission::approval_required ? 1 : 0;
    };
    const auto both = evaluator.decide(operation, nullptr).permission;
    auto alone = operation;
    alone.end_user.reset();
    // The selectors of rules see the user on either side, so only rules without any are the same for the agent alone.
    const bool names_users = std::ranges::any_of(evaluator.project().policies, [](const Policy& policy) {
      return std::ranges::any_of(policy.rules,
                                 [](const Rule& rule) { return !rule.users.empty() || !rule.groups.empty(); });
    });
    if (operation.account && operation.end_user && !names_users) {
      REQUIRE(strictness(both) >= strictness(evaluator.decide(alone, nullptr).permission));
    }
    if (operation.account && operation.end_user) {
      alone = operation;
      alone.account.reset();
      REQUIRE(strictness(both) >= strictness(evaluator.decide(alone, nullptr).permission));
    }
    return both;
  });
}

TEST_CASE("a list shows what may be allowed, and everything that is") {
  on_stored_calls(23, 500,
                  [](const auto& policies, const Evaluator& evaluator, const Operation& operation, const json*) {
                    const bool is_shown = evaluator.may_be_allowed(operation, nullptr);
                    const auto permission = evaluator.decide(operation, nullptr).permission;
                    REQUIRE(is_shown == (expected(policies, operation, nullptr, true) != Permission::deny));
                    if (permission != Permission::deny) REQUIRE(is_shown);
                    return permission;
                  });
}
