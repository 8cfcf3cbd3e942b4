#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/evaluator.hpp"
#include "core/policy/pattern.hpp"
#include "core/policy/target.hpp"
#include "tests/unit/core/policy/sample.hpp"

// What must hold for every input, on thousands of small random ones. The generator is seeded: a failure repeats.

using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using runagents::policy::Operation;
using sample::Permission;
using sample::Rule;

namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_); }
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <class Range>
  const auto& pick(const Range& range) {
    return range[below(std::size(range))];
  }

 private:
  std::mt19937 engine_;
};

constexpr std::array<std::string_view, 6> segments = {"a", "b", "a:b", "a%3Ab", "", "c"};
constexpr std::array<std::string_view, 5> methods = {"GET", "POST", "DELETE", "get", "PURGE"};
constexpr std::array<std::string_view, 3> tags = {"t1", "t2", "t3"};
constexpr std::array<std::string_view, 3> users = {"alice", "bob", "eve"};
constexpr std::array<std::string_view, 2> groups = {"g1", "g2"};
constexpr std::array<std::string_view, 3> origins = {"https://x.example", "https://y.example", "http://x.example:8080"};
constexpr std::array<std::string_view, 5> bases = {"/", "/a", "/a/b", "/a:b", "/b"};

std::string random_path(Dice& dice) {
  std::string path;
  for (std::size_t i = dice.below(5) + 1; i > 0; --i) path += "/" + std::string(dice.pick(segments));
  return path;
}

std::string random_pattern(Dice& dice) {
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

Rule random_rule(Dice& dice, const std::vector<sample::Tool>& tools) {
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

sample::Project random_project(Dice& dice) {
  std::vector<sample::Tool> tools;
  for (std::size_t i = 0; i < 5; ++i) {
    auto tool =
        sample::tool("tool" + std::to_string(i), std::string(dice.pick(origins)) + std::string(dice.pick(bases)));
    const bool taken = std::ranges::any_of(
        tools, [&](const sample::Tool& other) { return other.base_url.to_string() == tool.base_url.to_string(); });
    if (taken) continue;
    tool.risk_tags = some(dice, tags, 50);
    for (std::size_t n = dice.below(4); n > 0; --n) {
      tool.capabilities.push_back(sample::capability("c" + std::to_string(n),
                                                     dice.chance(30) ? "*" : std::string(dice.pick(methods)),
                                                     random_pattern(dice), some(dice, tags, 40)));
    }
    tools.push_back(std::move(tool));
  }
  std::vector<sample::Policy> policies;
  for (std::size_t p = dice.below(3) + 1; p > 0; --p) {
    std::vector<Rule> rules;
    for (std::size_t r = dice.below(7); r > 0; --r) rules.push_back(random_rule(dice, tools));
    policies.push_back(sample::policy("p" + std::to_string(p), std::move(rules)));
    if (dice.chance(10)) policies.back().subjects = {"agent:somebody-else"};
  }
  return sample::project(std::move(tools), std::move(policies));
}

struct Person {
  std::optional<EndUser> user;
  std::vector<std::string> groups;
};

void randomize(Dice& dice, Person& person) {
  if (dice.chance(30)) return;
  person.user = EndUser{dice.pick(users), std::nullopt};
  if (dice.chance(30)) return;
  person.groups = some(dice, groups, 80);
  person.user->groups = person.groups;
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : path.substr(1)) {
    if (c == '/') {
      parts.push_back(std::move(part));
      part.clear();
    } else {
      part += c;
    }
  }
  parts.push_back(std::move(part));
  return parts;
}

/// As a lax server reads it: colons decoded (the only encoding that the generator writes), slashes merged.
std::string lax(std::string_view path) {
  std::string text;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.substr(i).starts_with("%3A")) {
      text += ':';
      i += 2;
    } else if (path[i] != '/' || !text.ends_with('/')) {
      text += path[i];
    }
  }
  return text;
}

bool oracle_matches(std::string_view pattern, std::string_view path) {
  auto wanted = split(pattern);
  const auto given = split(path);
  const bool open = wanted.back() == "*";
  if (open) wanted.pop_back();
  if (open ? given.size() <= wanted.size() : given.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{x}" ? given[i].empty() : wanted[i] != given[i]) return false;
  }
  return !open || std::any_of(given.begin() + static_cast<std::ptrdiff_t>(wanted.size()), given.end(),
                              [](const std::string& part) { return !part.empty(); });
}

bool oracle_covers(std::string_view pattern, std::string_view path) { return oracle_matches(lax(pattern), lax(path)); }

bool oracle_resource(const Rule& rule, const Operation& operation) {
  if (rule.resource.empty()) return true;
  const auto slash = rule.resource.find('/', rule.resource.find("://") + 3);
  const auto& base = operation.tool->base_url;
  if (rule.resource.substr(0, slash) != base.scheme + "://" + base.authority()) return false;
  const auto pattern = std::string_view(rule.resource).substr(slash);
  if (rule.permission == Permission::allow) {
    return oracle_matches(pattern, operation.path) || (pattern == "/*" && operation.path == "/");
  }
  return oracle_covers(pattern, operation.path) || (pattern == "/*" && lax(operation.path) == "/");
}

template <class Words, class Word>
bool has(const Words& words, const Word& word) {
  return std::ranges::find(words, word) != std::ranges::end(words);
}

bool oracle_tags(const Rule& rule, const Operation& operation, const runagents::model::Capability* capability) {
  return rule.tags.empty() || std::ranges::any_of(rule.tags, [&](const std::string& tag) {
           return has(operation.tool->risk_tags, tag) || (capability != nullptr && has(capability->risk_tags, tag));
         });
}

bool oracle_people(const Rule& rule, const std::optional<EndUser>& user) {
  if (!rule.users.empty() && (!user || !has(rule.users, user->id))) return false;
  if (rule.groups.empty()) return true;
  if (!user) return false;
  if (!user->groups) return rule.permission != Permission::allow;
  return std::ranges::any_of(*user->groups, [&](const std::string& group) { return has(rule.groups, group); });
}

bool oracle_time(const Rule& rule, std::chrono::sys_seconds now) {
  if (!rule.when) return true;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(now.time_since_epoch()).count();
  const auto weekday = (minutes / 1440 + 3) % 7;  // 1970-01-01 was a Thursday
  if (rule.when->days != 0 && (rule.when->days & (1 << weekday)) == 0) return false;
  if (!rule.when->hours) return true;
  const auto [from, to] = *rule.when->hours;
  const auto minute = minutes % 1440;
  return from <= to ? from <= minute && minute < to : !(to <= minute && minute < from);
}

bool oracle_rule(const Rule& rule, const Operation& operation, const runagents::model::Capability* capability) {
  return (rule.tool.empty() || rule.tool == operation.tool->name) && oracle_resource(rule, operation) &&
         (rule.operations.empty() || has(rule.operations, operation.method)) &&
         oracle_tags(rule, operation, capability) && oracle_people(rule, operation.end_user) &&
         oracle_time(rule, operation.now);
}

struct Outcome {
  Permission permission = Permission::deny;
  std::string policy;
  std::uint32_t rule = 0;

  bool operator==(const Outcome&) const = default;
};

Outcome oracle_decide(const sample::Project& project, const Operation& operation,
                      const runagents::model::Capability* capability) {
  for (const auto permission : {Permission::deny, Permission::approval_required, Permission::allow}) {
    for (const auto& policy : project.policies) {
      if (!has(policy.subjects, "agent:bot")) continue;
      for (std::uint32_t i = 0; i < policy.rules.size(); ++i) {
        if (policy.rules[i].permission == permission && oracle_rule(policy.rules[i], operation, capability)) {
          return {permission, policy.name, i + 1};
        }
      }
    }
  }
  return {};
}

Outcome outcome(const runagents::policy::Decision& decision) {
  return {decision.permission, decision.policy == nullptr ? "" : decision.policy->name, decision.rule};
}

/// A random call that some tool of the project takes; its path lives in `path`.
std::optional<Operation> random_operation(Dice& dice, const Evaluator& evaluator, const Person& person,
                                          std::string& path) {
  path = random_path(dice);
  const auto& base = dice.pick(evaluator.tools())->base_url;
  const auto* tool = evaluator.identify(base.host, base.port, path);
  if (tool == nullptr) return std::nullopt;
  return Operation{.tool = tool,
                   .method = dice.pick(methods),
                   .path = path,
                   .end_user = person.user,
                   .now = sample::noon + std::chrono::minutes(dice.below(20000))};
}

template <class Check>
void on_random_calls(unsigned seed, std::size_t projects, Check check) {
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
    const auto found = outcome(evaluator.decide(operation, capability));
    const auto expected = oracle_decide(evaluator.project(), operation, capability);
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
      REQUIRE_FALSE((lax(operation.path) + "/").starts_with(lax(base.path) + "/"));
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
      REQUIRE(fits(*found, oracle_matches));
      return;
    }
    const auto& all = operation.tool->capabilities;
    const bool exact = std::ranges::any_of(all, [&](const auto& one) { return fits(one, oracle_matches); });
    const bool in_doubt = std::ranges::any_of(
        all, [&](const auto& one) { return fits(one, oracle_covers) && !fits(one, oracle_matches); });
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
    auto rule = random_rule(dice, evaluator.project().tools);
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

TEST_CASE("explain agrees with decide, line by line") {
  on_random_calls(7, 500, [](Dice&, const Evaluator& evaluator, const Operation& operation) {
    const auto& base = operation.tool->base_url;
    const auto url = base.scheme + "://" + base.authority() + std::string(operation.path);
    const auto verdict =
        runagents::policy::explain(evaluator, operation.method, url, operation.end_user, operation.now);
    REQUIRE(verdict.tool == operation.tool);
    REQUIRE(verdict.capability == evaluator.capability(operation));
    REQUIRE(outcome(verdict.decision) == outcome(sample::decide(evaluator, operation)));
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
  for (int i = 0; i < 50000; ++i) {
    const auto text = random_pattern(dice);
    const auto path = random_path(dice);
    const auto pattern = runagents::policy::parse_path_pattern(text);
    REQUIRE(pattern);
    REQUIRE(pattern->matches(path) == oracle_matches(text, path));
    REQUIRE(pattern->covers(path) == oracle_covers(text, path));
    REQUIRE((!pattern->matches(path) || pattern->covers(path)));
    matched += pattern->matches(path) ? 1 : 0;
  }
  CHECK(matched > 500);
}

TEST_CASE("canonicalising twice changes nothing, and leaves neither dot segments nor doubtful bytes") {
  constexpr std::array<std::string_view, 22> pieces = {"/",   "/",   ".",  "..",   "%2e", "%2E", "%25", "2e",
                                                       "%2f", "%5c", ";",  "a",    "%61", "%3a", "%C3", "%a9",
                                                       "%3B", "%",   "\\", "\x01", "%00", "~"};
  Dice dice(9);
  std::size_t accepted = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string raw = "/";
    for (std::size_t n = dice.below(8); n > 0; --n) raw += dice.pick(pieces);
    std::string scratch;
    const auto once = runagents::policy::canonical_path(raw, scratch);
    if (!once) continue;
    ++accepted;
    std::string again;
    const auto twice = runagents::policy::canonical_path(once->text, again);
    CAPTURE(raw);
    REQUIRE(twice);
    REQUIRE(twice->text == once->text);
    REQUIRE(twice->encoded_slash == once->encoded_slash);
    REQUIRE((std::string(once->text) + "/").find("/./") == std::string::npos);
    REQUIRE((std::string(once->text) + "/").find("/../") == std::string::npos);
    REQUIRE(once->text.find_first_of("\\\x01") == std::string_view::npos);
  }
  CHECK(accepted > 10000);
}

TEST_CASE("a canonical host stays what it is") {
  constexpr std::array<std::string_view, 14> pieces = {"a",    "B",   ".",   "-",      "_",      "1",      "0x",
                                                       "xn--", "%41", "127", "\u00fc", "\uff11", "\u3002", "z"};
  Dice dice(10);
  std::size_t accepted = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string raw;
    for (std::size_t n = dice.below(6) + 1; n > 0; --n) raw += dice.pick(pieces);
    std::string scratch;
    const auto once = runagents::policy::canonical_host(raw, scratch);
    if (!once) continue;
    ++accepted;
    std::string again;
    const auto twice = runagents::policy::canonical_host(*once, again);
    CAPTURE(raw);
    REQUIRE(twice);
    REQUIRE(*twice == *once);
    REQUIRE(
        std::ranges::none_of(*once, [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<signed char>(c) <= 0; }));
  }
  CHECK(accepted > 3000);
}
