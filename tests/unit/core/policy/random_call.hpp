#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/core/policy/dice.hpp"
#include "tests/unit/core/policy/sample.hpp"
#include "tests/unit/effort.hpp"

/// Small random projects, and calls that often concern their rules.
namespace sample {

using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using runagents::policy::Operation;

constexpr std::array<std::string_view, 6> segments = {"a", "b", "a:b", "a%3Ab", "", "c"};
constexpr std::array<std::string_view, 5> methods = {"GET", "POST", "DELETE", "MKCOL", "PURGE"};
constexpr std::array<std::string_view, 3> tags = {"t1", "t2", "t3"};
constexpr std::array<std::string_view, 3> users = {"alice", "bob", "eve"};
constexpr std::array<std::string_view, 2> groups = {"g1", "g2"};
constexpr std::array<std::string_view, 3> origins = {"https://x.example", "https://y.example", "http://x.example:8080"};
constexpr std::array<std::string_view, 5> bases = {"/", "/a", "/a/b", "/a:b", "/b"};

inline std::string random_path(Dice& dice) {
  std::string path;
  for (std::size_t i = dice.below(5) + 1; i > 0; --i) path += "/" + std::string(dice.pick(segments));
  return path;
}

/// The same path (RFC 3986, 6.2.2): letters that need no encoding encoded, segments that come to nothing added.
inline std::string respelled(Dice& dice, std::string_view path) {
  constexpr std::array<std::string_view, 3> nothing = {"/.", "/x/..", "/%2e"};
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (const char c : path) {
    if (c == '/' && dice.chance(20)) text += dice.pick(nothing);
    if (c >= 'a' && c <= 'z' && dice.chance(40)) {
      text.append({'%', hex[static_cast<unsigned char>(c) >> 4], hex[static_cast<unsigned char>(c) & 15]});
    } else {
      text += c;
    }
  }
  return text;
}

inline std::string random_pattern(Dice& dice) {
  std::string pattern;
  for (std::size_t i = dice.below(3); i > 0; --i) {
    pattern += dice.chance(30) ? "/{x}" : "/" + std::string(dice.pick(segments));
  }
  return pattern + (dice.chance(40) ? "/*" : "/" + std::string(dice.pick(segments)));
}

template <class Words>
std::vector<std::string> some(Dice& dice, const Words& words, std::size_t percent) {
  std::vector<std::string> chosen;
  if (!dice.chance(percent)) return chosen;
  for (const auto word : words) {
    if (dice.chance(40)) chosen.emplace_back(word);
  }
  return chosen;
}

inline Rule random_rule(Dice& dice, const std::vector<Tool>& tools) {
  Rule rule;
  rule.permission = std::array{Permission::allow, Permission::deny, Permission::approval_required}[dice.below(3)];
  if (dice.chance(60)) rule.resource = std::string(dice.pick(origins)) + random_pattern(dice);
  if (dice.chance(30)) rule.tool = dice.pick(tools).name;
  rule.operations = some(dice, methods, 50);
  rule.tags = some(dice, tags, 30);
  rule.users = some(dice, users, 20);
  rule.groups = some(dice, groups, 20);
  if (dice.chance(10)) {
    rule.when = runagents::model::Condition{
        .hours = runagents::model::Condition::Hours{static_cast<std::uint16_t>(dice.below(1440)),
                                                    static_cast<std::uint16_t>(dice.below(1440))},
        .days = static_cast<std::uint8_t>(dice.below(128))};
  }
  return rule;
}

inline Project random_project(Dice& dice) {
  std::vector<Tool> tools;
  for (std::size_t i = 0; i < 5; ++i) {
    auto one = tool("tool" + std::to_string(i), std::string(dice.pick(origins)) + std::string(dice.pick(bases)));
    const bool taken = std::ranges::any_of(
        tools, [&](const Tool& other) { return other.base_url.to_string() == one.base_url.to_string(); });
    if (taken) continue;
    one.risk_tags = some(dice, tags, 50);
    for (std::size_t n = dice.below(4); n > 0; --n) {
      one.capabilities.push_back(capability("c" + std::to_string(n),
                                            dice.chance(30) ? "*" : std::string(dice.pick(methods)),
                                            random_pattern(dice), some(dice, tags, 40)));
    }
    tools.push_back(std::move(one));
  }
  std::vector<Policy> policies;
  for (std::size_t p = dice.below(3) + 1; p > 0; --p) {
    std::vector<Rule> rules;
    for (std::size_t r = dice.below(7); r > 0; --r) rules.push_back(random_rule(dice, tools));
    policies.push_back(policy("p" + std::to_string(p), std::move(rules)));
    if (dice.chance(10)) policies.back().subjects = {"agent:somebody-else"};
  }
  return project(std::move(tools), std::move(policies));
}

struct Person {
  std::optional<EndUser> user;
  std::vector<std::string> groups;
};

inline void randomize(Dice& dice, Person& person) {
  if (dice.chance(30)) return;
  person.user = EndUser{dice.pick(users), std::nullopt};
  if (dice.chance(30)) return;
  person.groups = some(dice, groups, 80);
  person.user->groups = person.groups;
}

/// A random call that some tool of the project takes; its path lives in `path`.
inline std::optional<Operation> random_operation(Dice& dice, const Evaluator& evaluator, const Person& person,
                                                 std::string& path) {
  path = random_path(dice);
  const auto& base = dice.pick(evaluator.tools())->base_url;
  const auto* tool = evaluator.identify(base.host, base.port, path);
  if (tool == nullptr) return std::nullopt;
  return Operation{.tool = tool,
                   .method = dice.pick(methods),
                   .path = path,
                   .end_user = person.user,
                   .now = noon + std::chrono::minutes(dice.below(20000))};
}

template <class Check>
void on_random_calls(unsigned seed, std::size_t projects, Check check) {
  projects = runagents::tests::effort(projects);
  Dice dice(seed);
  std::size_t calls = 0;
  for (std::size_t i = 0; i < projects; ++i) {
    const Evaluator evaluator(random_project(dice));
    for (std::size_t n = 0; n < 40; ++n) {
      Person person;
      randomize(dice, person);
      std::string path;
      const auto operation = random_operation(dice, evaluator, person, path);
      if (!operation) continue;
      ++calls;
      check(dice, evaluator, *operation);
    }
  }
  CHECK(calls > projects * 10);
}

}  // namespace sample
