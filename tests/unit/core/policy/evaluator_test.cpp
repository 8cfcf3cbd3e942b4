#include "core/policy/evaluator.hpp"

#include <doctest/doctest.h>
#include <stdexcept>
#include <string>

#include "tests/unit/core/policy/sample.hpp"

using namespace std::chrono_literals;
using runagents::model::Condition;
using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using runagents::policy::Operation;
using sample::capability;
using sample::decide;
using sample::noon;
using sample::Permission;
using sample::policy;
using sample::project;
using sample::Rule;
using sample::tool;

namespace {

/// One tool without capabilities and one policy with these rules.
Evaluator with_rules(std::vector<Rule> rules) {
  return Evaluator(project({tool("api", "https://api.example/", {}, {"plain"})}, {policy("p", std::move(rules))}));
}

Operation get(const Evaluator& evaluator, std::string_view path, std::optional<EndUser> user = {}) {
  return {.tool = evaluator.tools().front(), .method = "GET", .path = path, .end_user = user, .now = noon};
}

}  // namespace

TEST_CASE("nothing is allowed without a rule") {
  const auto evaluator = with_rules({});
  const auto decision = decide(evaluator, get(evaluator, "/"));
  CHECK(decision.permission == Permission::deny);
  CHECK(decision.policy == nullptr);
}

TEST_CASE("deny outweighs approval, and approval outweighs allow, in any order and over all policies") {
  const Rule allow{.permission = Permission::allow};
  const Rule ask{.permission = Permission::approval_required, .operations = {"GET"}};
  const Rule deny{.permission = Permission::deny, .resource = "https://api.example/secret"};
  const auto api = tool("api", "https://api.example/");
  for (const auto& rules :
       {std::vector{allow, ask, deny}, std::vector{deny, ask, allow}, std::vector{ask, deny, allow}}) {
    const auto one = with_rules(rules);
    CHECK(decide(one, get(one, "/secret")).permission == Permission::deny);
    CHECK(decide(one, get(one, "/other")).permission == Permission::approval_required);
    std::vector<runagents::model::Policy> spread;
    for (const auto& rule : rules) spread.push_back(policy("p" + std::to_string(spread.size()), {rule}));
    const Evaluator many(project({api}, spread));
    CHECK(decide(many, get(many, "/secret")).permission == Permission::deny);
    CHECK(decide(many, get(many, "/other")).permission == Permission::approval_required);
  }
}

TEST_CASE("a decision names the first rule of its kind") {
  const auto evaluator = with_rules({{.permission = Permission::deny, .operations = {"POST"}},
                                     {.permission = Permission::allow, .tags = {"plain"}},
                                     {.permission = Permission::allow, .tool = "api"},
                                     {.permission = Permission::allow}});
  const auto decision = decide(evaluator, get(evaluator, "/"));
  REQUIRE(decision.policy != nullptr);
  CHECK(decision.policy->name == "p");
  CHECK(decision.rule == 2);
}

TEST_CASE("only policies bound to the agent count") {
  const auto bound_to = [](std::vector<std::string> subjects) {
    auto one = policy("p", {{.permission = Permission::allow}});
    one.subjects = std::move(subjects);
    const Evaluator evaluator(project({tool("api", "https://api.example/")}, {one}));
    return decide(evaluator, get(evaluator, "/")).permission == Permission::allow;
  };
  CHECK(bound_to({"agent:bot"}));
  CHECK(bound_to({"agent:other", "everyone"}));
  CHECK(bound_to({}));
  CHECK_FALSE(bound_to({"agent:other"}));
  CHECK_FALSE(bound_to({"agent:bott"}));
  CHECK_FALSE(bound_to({"bot"}));
}

TEST_CASE("operations compare exactly") {
  const auto evaluator = with_rules(
      {{.permission = Permission::allow}, {.permission = Permission::deny, .operations = {"DELETE", "PATCH"}}});
  auto operation = get(evaluator, "/");
  for (const auto method : {"DELETE", "PATCH"}) {
    operation.method = method;
    CHECK(decide(evaluator, operation).permission == Permission::deny);
  }
  for (const auto method : {"GET", "delete", "DELETEX", "NEVER-HEARD-OF"}) {
    operation.method = method;
    CHECK(decide(evaluator, operation).permission == Permission::allow);
  }
}

TEST_CASE("tags are those of the tool and of the matched capability") {
  const Evaluator evaluator(
      project({tool("a", "https://a.example/",
                    {capability("pay", "POST", "/pay", {"financial"}), capability("look", "GET", "/*")}, {"internal"}),
               tool("b", "https://b.example/")},
              {policy("p", {{.permission = Permission::allow, .tags = {"internal", "unused"}},
                            {.permission = Permission::approval_required, .tags = {"financial"}},
                            {.permission = Permission::deny, .tool = "a", .operations = {"PUT"}, .tags = {"internal"}},
                            {.permission = Permission::deny, .tool = "a", .tags = {"unused"}}})}));
  const auto permission = [&](std::size_t index, std::string_view method, std::string_view path) {
    return decide(evaluator, {.tool = evaluator.tools()[index], .method = method, .path = path}).permission;
  };
  CHECK(permission(0, "POST", "/pay") == Permission::approval_required);
  CHECK(permission(0, "GET", "/pay") == Permission::allow);
  CHECK(permission(0, "PUT", "/pay") == Permission::deny);
  CHECK(permission(1, "GET", "/pay") == Permission::deny);
}

TEST_CASE("a rule for a resource needs scheme, host and port") {
  const Evaluator evaluator(project(
      {tool("tls", "https://a.example/"), tool("plain", "http://a.example/"), tool("odd", "https://a.example:8443/")},
      {policy("p", {{.permission = Permission::allow, .resource = "https://a.example/*"}})}));
  const auto permission = [&](std::size_t index) {
    return decide(evaluator, {.tool = evaluator.tools()[index], .method = "GET", .path = "/x"}).permission;
  };
  CHECK(permission(0) == Permission::allow);
  CHECK(permission(1) == Permission::deny);
  CHECK(permission(2) == Permission::deny);
}

TEST_CASE("a rule may name both a tool and a resource") {
  const Evaluator evaluator(
      project({tool("root", "https://a.example/"), tool("sub", "https://a.example/sub")},
              {policy("p", {{.permission = Permission::allow, .resource = "https://a.example/*", .tool = "sub"}})}));
  CHECK(decide(evaluator, {.tool = evaluator.tools()[1], .method = "GET", .path = "/sub/x"}).permission ==
        Permission::allow);
  CHECK(decide(evaluator, {.tool = evaluator.tools()[0], .method = "GET", .path = "/x"}).permission ==
        Permission::deny);
}

TEST_CASE("another spelling of a path is caught by what refuses and not let through by what allows") {
  const auto closed =
      with_rules({{.permission = Permission::allow, .tool = "api"},
                  {.permission = Permission::deny, .resource = "https://api.example/admin:x/*"},
                  {.permission = Permission::approval_required, .resource = "https://api.example/pay"}});
  for (const auto path : {"/admin:x/y", "/admin%3Ax/y", "//admin:x/y", "/admin:x//y", "///admin%3Ax///y"}) {
    CAPTURE(path);
    CHECK(decide(closed, get(closed, path)).permission == Permission::deny);
  }
  CHECK(decide(closed, get(closed, "//pay")).permission == Permission::approval_required);
  CHECK(decide(closed, get(closed, "/admin:y/y")).permission == Permission::allow);
  for (const auto path : {"/pay/", "/pay//", "//pay/", "/p%61y/"}) {
    CAPTURE(path);
    CHECK(decide(closed, get(closed, path)).permission == Permission::approval_required);
  }
  CHECK(decide(closed, get(closed, "/admin:x/")).permission == Permission::deny);
  CHECK(decide(closed, get(closed, "/admin:x")).permission == Permission::allow);

  const auto open = with_rules({{.permission = Permission::allow, .resource = "https://api.example/a:b/c"},
                                {.permission = Permission::allow, .resource = "https://api.example/d%3Ae"}});
  CHECK(decide(open, get(open, "/a:b/c")).permission == Permission::allow);
  CHECK(decide(open, get(open, "/a%3Ab/c")).permission == Permission::deny);
  CHECK(decide(open, get(open, "/a:b//c")).permission == Permission::deny);
  CHECK(decide(open, get(open, "/d%3Ae")).permission == Permission::allow);
  CHECK(decide(open, get(open, "/d:e")).permission == Permission::deny);
}

TEST_CASE("a resource open at the root covers the root") {
  const auto evaluator = with_rules({{.permission = Permission::allow, .resource = "https://api.example/*"}});
  CHECK(decide(evaluator, get(evaluator, "/")).permission == Permission::allow);
  CHECK(decide(evaluator, get(evaluator, "/x")).permission == Permission::allow);
  CHECK(decide(evaluator, get(evaluator, "//")).permission == Permission::deny);
}

TEST_CASE("a rule for users asks for an end user") {
  const auto evaluator =
      with_rules({{.permission = Permission::allow}, {.permission = Permission::deny, .users = {"mallory", "eve"}}});
  CHECK(decide(evaluator, get(evaluator, "/")).permission == Permission::allow);
  CHECK(decide(evaluator, get(evaluator, "/", EndUser{"alice", {}})).permission == Permission::allow);
  CHECK(decide(evaluator, get(evaluator, "/", EndUser{"eve", {}})).permission == Permission::deny);
}

TEST_CASE("unknown groups match for deny and approval and not for allow") {
  const std::vector<std::string> finance = {"finance"};
  const std::vector<std::string> sales = {"sales"};
  const auto permission = [&](Permission rule, std::optional<EndUser> user) {
    const auto base = rule == Permission::allow ? Permission::deny : Permission::allow;
    std::vector<Rule> rules = {{.permission = rule, .groups = {"finance"}}};
    if (base == Permission::allow) rules.push_back({.permission = Permission::allow});
    const auto evaluator = with_rules(rules);
    return decide(evaluator, get(evaluator, "/", user)).permission;
  };
  const EndUser unknown{"alice", {}};
  CHECK(permission(Permission::deny, unknown) == Permission::deny);
  CHECK(permission(Permission::approval_required, unknown) == Permission::approval_required);
  CHECK(permission(Permission::allow, unknown) == Permission::deny);
  CHECK(permission(Permission::deny, EndUser{"alice", finance}) == Permission::deny);
  CHECK(permission(Permission::allow, EndUser{"alice", finance}) == Permission::allow);
  CHECK(permission(Permission::deny, EndUser{"alice", sales}) == Permission::allow);
  CHECK(permission(Permission::allow, EndUser{"alice", sales}) == Permission::deny);
  CHECK(permission(Permission::deny, {}) == Permission::allow);
  CHECK(permission(Permission::allow, {}) == Permission::deny);
}

TEST_CASE("users and groups of one rule must both match") {
  const std::vector<std::string> finance = {"finance"};
  const auto evaluator = with_rules({{.permission = Permission::allow, .users = {"alice"}, .groups = {"finance"}}});
  CHECK(decide(evaluator, get(evaluator, "/", EndUser{"alice", finance})).permission == Permission::allow);
  CHECK(decide(evaluator, get(evaluator, "/", EndUser{"bob", finance})).permission == Permission::deny);
  CHECK(decide(evaluator, get(evaluator, "/", EndUser{"alice", std::span<const std::string>{}})).permission ==
        Permission::deny);
}

TEST_CASE("hours and days are in UTC, and hours may pass midnight") {
  const auto at = [](Condition condition, std::chrono::sys_seconds now) {
    const auto evaluator = with_rules({{.permission = Permission::allow, .when = condition}});
    auto operation = get(evaluator, "/");
    operation.now = now;
    return decide(evaluator, operation).permission == Permission::allow;
  };
  const auto monday = std::chrono::sys_days{std::chrono::year{2026} / 5 / 4};
  const Condition office{.hours = Condition::Hours{9 * 60, 17 * 60}};
  CHECK(at(office, monday + 9h));
  CHECK(at(office, monday + 16h + 59min + 59s));
  CHECK_FALSE(at(office, monday + 17h));
  CHECK_FALSE(at(office, monday + 8h + 59min + 59s));
  const Condition night{.hours = Condition::Hours{22 * 60, 6 * 60}};
  CHECK(at(night, monday + 22h));
  CHECK(at(night, monday + 23h + 59min));
  CHECK(at(night, monday + 0h));
  CHECK(at(night, monday + 5h + 59min));
  CHECK_FALSE(at(night, monday + 6h));
  CHECK_FALSE(at(night, monday + 21h));
  const Condition weekdays{.hours = {}, .days = 0b0011111};
  CHECK(at(weekdays, monday));
  CHECK(at(weekdays, monday + std::chrono::days{4}));
  CHECK_FALSE(at(weekdays, monday + std::chrono::days{5}));
  CHECK_FALSE(at(weekdays, monday - 1s));
  const Condition all_day{.hours = Condition::Hours{0, 24 * 60}, .days = 0b0000001};
  CHECK(at(all_day, monday + 23h + 59min + 59s));
  CHECK(at(all_day, monday));
}

TEST_CASE("an approval rule is found by all of its selectors") {
  auto source = sample::payments();
  source.policies.front().approvals = {
      {.name = "other-tool", .tools = {"drive"}},
      {.name = "other-capability", .capabilities = {"charges.list"}},
      {.name = "other-operation", .operations = {"PUT"}},
      {.name = "other-resource", .resource = "https://api.stripe.com/v2/*"},
      {.name = "other-tag", .tags = {"medical"}},
      {.name = "right",
       .tools = {"drive", "stripe"},
       .capabilities = {"charges.create"},
       .operations = {"POST"},
       .resource = "https://api.stripe.com/v1/*",
       .tags = {"financial"}},
      {.name = "too-late"},
  };
  const Evaluator evaluator(source);
  const Operation operation{.tool = evaluator.tools().front(), .method = "POST", .path = "/v1/charges"};
  const auto* rule = evaluator.approval_rule(operation, evaluator.capability(operation));
  REQUIRE(rule != nullptr);
  CHECK(rule->name == "right");
  source.policies.front().approvals.resize(5);
  const Evaluator without(source);
  const Operation again{.tool = without.tools().front(), .method = "POST", .path = "/v1/charges"};
  CHECK(without.approval_rule(again, without.capability(again)) == nullptr);
}

TEST_CASE("a tool of another project is denied") {
  const auto evaluator = with_rules({{.permission = Permission::allow}});
  const auto stranger = tool("api", "https://api.example/");
  CHECK(decide(evaluator, {.tool = &stranger, .method = "GET", .path = "/"}).permission == Permission::deny);
  CHECK(decide(evaluator, {.tool = nullptr, .method = "GET", .path = "/"}).permission == Permission::deny);
}

TEST_CASE("a project that the reader would not pass is not evaluated at all") {
  CHECK_THROWS_AS(with_rules({{.permission = Permission::deny, .resource = "https://*.example/*"}}), std::logic_error);
  CHECK_THROWS_AS(with_rules({{.permission = Permission::deny, .tool = "nobody"}}), std::logic_error);
}

TEST_CASE("an evaluator that has moved decides as before") {
  auto first = with_rules({{.permission = Permission::allow, .operations = {"GET"}}});
  const auto operation = get(first, "/");
  const Evaluator second = std::move(first);
  CHECK(decide(second, operation).permission == Permission::allow);
}
