#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/policy/evaluator.hpp"
#include "core/policy/json_arguments.hpp"
#include "tests/unit/core/policy/sample.hpp"

// Policies for many callers, and calls that an agent makes on behalf of an end user.

using nlohmann::json;
using runagents::model::ArgumentCondition;
using runagents::model::Tool;
using runagents::model::ToolKind;
using runagents::policy::AgentAccount;
using runagents::policy::Decision;
using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using runagents::policy::JsonArguments;
using runagents::policy::Operation;
using runagents::policy::Side;
using sample::noon;
using sample::Permission;
using sample::Policy;
using sample::Rule;
using Operator = ArgumentCondition::Operator;
using Texts = std::vector<std::string>;

namespace {

Policy policy_for(std::string name, Texts subjects, std::vector<Rule> rules) {
  auto policy = sample::policy(std::move(name), std::move(rules));
  policy.subjects = std::move(subjects);
  return policy;
}

Tool server(std::string name, std::string url = "https://mcp.example/mcp") {
  auto tool = sample::tool(std::move(name), url);
  tool.kind = ToolKind::mcp;
  return tool;
}

const Tool github = server("github");

Operation call(std::string_view tool_name, const Tool& tool = github) {
  return {.tool = &tool, .method = tool_name, .path = "/mcp", .end_user = {}, .now = noon};
}

Operation by_account(Operation operation) {
  operation.account = AgentAccount{"a-1", "bot"};
  return operation;
}

Operation for_user(Operation operation, EndUser user = {.id = "u-1", .email = "ada@example.org"}) {
  operation.end_user = user;
  return operation;
}

Permission decide(const std::vector<Policy>& policies, const Operation& operation) {
  return Evaluator(policies).decide(operation, nullptr).permission;
}

Rule rule(Permission permission) { return {.permission = permission}; }

Rule rule_with(Permission permission, std::string field, Operator op, runagents::model::Scalar value) {
  Rule rule{.permission = permission};
  rule.arguments.push_back({std::move(field), op, {std::move(value)}});
  return rule;
}

}  // namespace

TEST_CASE("nobody in particular is allowed nothing, not even what everyone may do") {
  CHECK(decide({policy_for("p", {"everyone"}, {rule(Permission::allow)})}, call("x")) == Permission::deny);
}

TEST_CASE("a stored policy applies to its subjects and to nobody else") {
  const Texts groups = {"ops", "dev"};
  const Texts roles = {"developer"};
  const Texts attributes = {"department=finance"};
  const EndUser ada{
      .id = "u-1", .groups = groups, .email = "ada@example.org", .roles = roles, .attributes = attributes};
  const auto user_is_allowed = [&](const char* subject) {
    return decide({policy_for("p", {subject}, {rule(Permission::allow)})}, for_user(call("x"), ada)) ==
           Permission::allow;
  };
  for (const auto* subject : {"everyone", "user:u-1", "user:ada@example.org", "group:ops", "group:dev",
                              "role:developer", "attribute:department=finance"}) {
    CAPTURE(subject);
    CHECK(user_is_allowed(subject));
  }
  for (const auto* subject :
       {"user:u-2", "user:Ada@example.org", "user:ada", "group:Ops", "group:u-1", "role:ops", "role:admin",
        "attribute:department=Finance", "attribute:finance=department", "account:u-1", "agent:u-1", "account:bot"}) {
    CAPTURE(subject);
    CHECK_FALSE(user_is_allowed(subject));
  }
  const auto account_is_allowed = [&](const char* subject) {
    return decide({policy_for("p", {subject}, {rule(Permission::allow)})}, by_account(call("x"))) == Permission::allow;
  };
  for (const auto* subject : {"everyone", "account:bot", "account:a-1"}) CHECK(account_is_allowed(subject));
  for (const auto* subject : {"account:Bot", "user:bot", "user:a-1", "agent:bot", "group:bot", "role:bot"}) {
    CAPTURE(subject);
    CHECK_FALSE(account_is_allowed(subject));
  }
  CHECK(decide({policy_for("p", {}, {rule(Permission::allow)})}, by_account(call("x"))) == Permission::deny);
  auto by_agent = call("x");
  by_agent.agent = "bot";
  CHECK(decide({policy_for("p", {"agent:bot"}, {rule(Permission::allow)})}, by_agent) == Permission::allow);
}

TEST_CASE("an empty name is nobody's") {
  const EndUser nameless{.id = ""};
  CHECK(decide({policy_for("p", {"user:u-1"}, {rule(Permission::allow)})}, for_user(call("x"), nameless)) ==
        Permission::deny);
  auto operation = call("x");
  operation.account = AgentAccount{"a-1", ""};
  CHECK(decide({policy_for("p", {"account:a-1"}, {rule(Permission::allow)})}, operation) == Permission::allow);
}

TEST_CASE("a fact that is not known closes what depends on it") {
  const auto everybody = policy_for("all", {"everyone"}, {rule(Permission::allow)});
  const EndUser unknown{.id = "u-1"};
  const Texts none;
  const EndUser known{.id = "u-1", .groups = none, .roles = none, .attributes = none};
  for (const auto* subject : {"group:ops", "role:admin", "attribute:a=b"}) {
    CAPTURE(subject);
    const auto with = [&](Permission permission) { return policy_for("p", {subject}, {rule(permission)}); };
    CHECK(decide({with(Permission::allow)}, for_user(call("x"), unknown)) == Permission::deny);
    CHECK(decide({everybody, with(Permission::deny)}, for_user(call("x"), unknown)) == Permission::deny);
    CHECK(decide({everybody, with(Permission::approval_required)}, for_user(call("x"), unknown)) ==
          Permission::approval_required);
    CHECK(decide({everybody, with(Permission::deny)}, for_user(call("x"), known)) == Permission::allow);
  }
}

TEST_CASE("on behalf of a user both sides have to allow: the whole table") {
  using enum Permission;
  struct Row {
    std::optional<Permission> agent;
    std::optional<Permission> user;
    Permission expected;
    Side side;
    bool names_policy;
  };
  constexpr auto none = std::optional<Permission>{};
  const std::array table = {
      Row{allow, allow, allow, Side::agent, true},
      Row{allow, approval_required, approval_required, Side::user, true},
      Row{allow, deny, deny, Side::user, true},
      Row{allow, none, deny, Side::user, false},
      Row{approval_required, allow, approval_required, Side::agent, true},
      Row{approval_required, approval_required, approval_required, Side::agent, true},
      Row{approval_required, deny, deny, Side::user, true},
      Row{approval_required, none, deny, Side::user, false},
      Row{deny, allow, deny, Side::agent, true},
      Row{deny, approval_required, deny, Side::agent, true},
      Row{deny, deny, deny, Side::agent, true},
      Row{deny, none, deny, Side::agent, true},
      Row{none, allow, deny, Side::agent, false},
      Row{none, approval_required, deny, Side::agent, false},
      Row{none, deny, deny, Side::user, true},  // a rule says more than none
      Row{none, none, deny, Side::agent, false},
  };
  for (const auto& row : table) {
    for (const bool agent_first : {true, false}) {
      std::vector<Policy> policies;
      if (row.agent) policies.push_back(policy_for("agents", {"account:bot"}, {rule(*row.agent)}));
      if (row.user) policies.push_back(policy_for("users", {"user:u-1"}, {rule(*row.user)}));
      if (!agent_first) std::ranges::reverse(policies);
      const Evaluator evaluator(policies);
      const auto decision = evaluator.decide(by_account(for_user(call("x"))), nullptr);
      CAPTURE(static_cast<int>(&row - table.data()));
      CHECK(decision.permission == row.expected);
      CHECK(decision.side == row.side);
      REQUIRE((decision.policy != nullptr) == row.names_policy);
      if (decision.policy != nullptr) CHECK(decision.policy->name == (row.side == Side::agent ? "agents" : "users"));
    }
  }
}

TEST_CASE("a policy for everyone counts on both sides, and one side's policy on that side only") {
  const auto ours = policy_for("ours", {"account:bot"}, {rule(Permission::allow)});
  const auto theirs = policy_for("theirs", {"user:u-1"}, {rule(Permission::allow)});
  const auto global = policy_for("global", {"everyone"}, {{.permission = Permission::deny, .operations = {"drop"}}});
  CHECK(decide({ours, theirs, global}, by_account(for_user(call("read")))) == Permission::allow);
  CHECK(decide({ours, theirs, global}, by_account(for_user(call("drop")))) == Permission::deny);
  CHECK(decide({ours, theirs, global}, by_account(call("drop"))) == Permission::deny);
  CHECK(decide({ours, theirs, global}, for_user(call("drop"))) == Permission::deny);
  CHECK(decide({ours}, by_account(for_user(call("read")))) == Permission::deny);
  CHECK(decide({theirs}, by_account(for_user(call("read")))) == Permission::deny);
  CHECK(decide({ours}, by_account(call("read"))) == Permission::allow);
  CHECK(decide({theirs}, for_user(call("read"))) == Permission::allow);
}

TEST_CASE("stored rules name a server by name or id, its tools, its URL and its tags") {
  auto tagged = server("github");
  tagged.risk_tags = {"code"};
  auto operation = by_account(call("create_issue", tagged));
  operation.tool_id = "s-1";
  const auto decides = [&](Rule one) { return decide({policy_for("p", {"account:bot"}, {one})}, operation); };
  const auto allow = Permission::allow;
  CHECK(decides({.permission = allow, .tool = "github"}) == allow);
  CHECK(decides({.permission = allow, .tool = "s-1"}) == allow);
  CHECK(decides({.permission = allow, .tool = "GitHub"}) == Permission::deny);
  CHECK(decides({.permission = allow, .tool = "gitlab"}) == Permission::deny);
  CHECK(decides({.permission = allow, .operations = {"create_issue"}}) == allow);
  CHECK(decides({.permission = allow, .operations = {"*"}}) == allow);
  CHECK(decides({.permission = allow, .operations = {"Create_issue"}}) == Permission::deny);
  CHECK(decides({.permission = allow, .operations = {"POST"}}) == Permission::deny);
  CHECK(decides({.permission = allow, .resource = "https://mcp.example/*"}) == allow);
  CHECK(decides({.permission = allow, .resource = "https://mcp.example/mcp", .tool = "s-1"}) == allow);
  CHECK(decides({.permission = allow, .resource = "https://mcp.example/mcp", .tool = "s-2"}) == Permission::deny);
  CHECK(decides({.permission = allow, .resource = "https://other.example/*"}) == Permission::deny);
  CHECK(decides({.permission = allow, .tags = {"code"}}) == allow);
  CHECK(decides({.permission = allow, .tool = "github", .tags = {"code"}}) == allow);
  CHECK(decides({.permission = allow, .tool = "github", .tags = {"financial"}}) == Permission::deny);
}

TEST_CASE("an argument decides, and one that cannot be evaluated closes") {
  const json acme = {{"org", "acme"}};
  const json evil = {{"org", "evil"}};
  const json odd = {{"org", 7}};
  const json empty = json::object();
  const auto decides = [&](Permission permission, const json* arguments) {
    const auto all = policy_for("all", {"everyone"}, {rule(Permission::allow)});
    const auto one = policy_for("p", {"account:bot"}, {rule_with(permission, "/org", Operator::eq, "acme")});
    const auto policies = permission == Permission::allow ? std::vector{one} : std::vector{all, one};
    auto operation = by_account(call("x"));
    std::optional<JsonArguments<json>> view;
    if (arguments != nullptr) operation.arguments = &view.emplace(*arguments);
    return decide(policies, operation);
  };
  using enum Permission;
  CHECK(decides(allow, &acme) == allow);
  CHECK(decides(deny, &acme) == deny);
  CHECK(decides(approval_required, &acme) == approval_required);
  CHECK(decides(allow, &evil) == deny);
  CHECK(decides(deny, &evil) == allow);
  CHECK(decides(approval_required, &evil) == allow);
  for (const json* unknown : {&odd, &empty, static_cast<const json*>(nullptr)}) {
    CHECK(decides(allow, unknown) == deny);
    CHECK(decides(deny, unknown) == deny);
    CHECK(decides(approval_required, unknown) == approval_required);
  }
}

TEST_CASE("all conditions of a rule have to hold") {
  auto both = rule_with(Permission::allow, "/org", Operator::eq, "acme");
  both.arguments.push_back({"/count", Operator::le, {std::int64_t{10}}});
  const std::vector policies = {policy_for("p", {"account:bot"}, {both})};
  const auto decides = [&](const json& arguments) {
    const JsonArguments view{arguments};
    auto operation = by_account(call("x"));
    operation.arguments = &view;
    return decide(policies, operation);
  };
  CHECK(decides({{"org", "acme"}, {"count", 10}}) == Permission::allow);
  CHECK(decides({{"org", "acme"}, {"count", 11}}) == Permission::deny);
  CHECK(decides({{"org", "evil"}, {"count", 10}}) == Permission::deny);
  CHECK(decides({{"org", "acme"}}) == Permission::deny);
}

TEST_CASE("rules about arguments leave HTTP requests alone") {
  const auto http = sample::tool("api", "https://mcp.example/");
  const std::vector policies = {
      policy_for("all", {"everyone"}, {rule(Permission::allow)}),
      policy_for("p", {"everyone"}, {rule_with(Permission::deny, "/org", Operator::ne, "acme")})};
  CHECK(decide(policies, by_account(call("GET", http))) == Permission::allow);
  CHECK(decide(policies, by_account(call("GET"))) == Permission::deny);
}

TEST_CASE("a list shows a tool that some arguments may be allowed to") {
  using enum Permission;
  const auto is_seen = [&](const std::vector<Policy>& policies, const Operation& operation) {
    return Evaluator(policies).may_be_allowed(operation, nullptr);
  };
  const auto account = by_account(call("x"));
  const auto of_bot = [](Rule one) { return policy_for("p", {"account:bot"}, {std::move(one)}); };
  const auto all = policy_for("all", {"everyone"}, {rule(allow)});
  CHECK_FALSE(is_seen({}, account));
  CHECK(is_seen({of_bot(rule(allow))}, account));
  CHECK(is_seen({of_bot(rule(approval_required))}, account));
  CHECK(is_seen({of_bot(rule_with(allow, "/org", Operator::eq, "acme"))}, account));
  CHECK(is_seen({of_bot(rule_with(approval_required, "/org", Operator::eq, "acme"))}, account));
  CHECK_FALSE(is_seen({of_bot(rule_with(deny, "/org", Operator::eq, "acme"))}, account));
  CHECK(is_seen({all, of_bot(rule_with(deny, "/org", Operator::eq, "acme"))}, account));
  CHECK_FALSE(is_seen({all, of_bot(rule(deny))}, account));
  CHECK_FALSE(is_seen({of_bot(rule(allow))}, by_account(for_user(call("x")))));
  CHECK(is_seen({all}, by_account(for_user(call("x")))));
  const auto unknown_group = policy_for("g", {"group:ops"}, {rule(allow)});
  CHECK_FALSE(is_seen({unknown_group}, for_user(call("x"))));
}

TEST_CASE("what is allowed is also shown") {
  const json arguments = {{"org", "acme"}};
  const JsonArguments view{arguments};
  auto operation = by_account(call("x"));
  operation.arguments = &view;
  for (const auto op : {Operator::eq, Operator::prefix, Operator::contains, Operator::ge}) {
    const Evaluator evaluator({policy_for("p", {"account:bot"}, {rule_with(Permission::allow, "/org", op, "acme")})});
    CHECK(evaluator.decide(operation, nullptr).permission == Permission::allow);
    CHECK(evaluator.may_be_allowed(operation, nullptr));
  }
}

TEST_CASE("a project judges the user's side only where its policies have users among their subjects") {
  const auto own = policy_for("own", {"agent:bot"}, {rule(Permission::allow)});
  const auto of_ada = policy_for("ada", {"user:ada"}, {{.permission = Permission::allow, .operations = {"GET"}}});
  const auto api = sample::tool("api", "https://api.example/");
  const auto decides = [&](std::vector<Policy> policies, std::string_view method, std::optional<EndUser> user) {
    const Evaluator evaluator(sample::project({api}, std::move(policies)));
    return evaluator.decide(
        {.tool = evaluator.tools().front(), .method = method, .path = "/", .end_user = user, .now = noon}, nullptr);
  };
  CHECK(decides({own}, "GET", EndUser{"ada"}).permission == Permission::allow);
  CHECK(decides({own, of_ada}, "GET", EndUser{"ada"}).permission == Permission::allow);
  CHECK(decides({own, of_ada}, "POST", EndUser{"ada"}).permission == Permission::deny);
  CHECK(decides({own, of_ada}, "POST", EndUser{"ada"}).side == Side::user);
  CHECK(decides({own, of_ada}, "GET", EndUser{"eve"}).permission == Permission::deny);
  CHECK(decides({own, of_ada}, "GET", {}).permission == Permission::allow);
  CHECK(decides({of_ada}, "GET", EndUser{"ada"}).permission == Permission::deny);
  CHECK(decides({of_ada}, "GET", EndUser{"ada"}).side == Side::agent);
}

TEST_CASE("a project's policies may name the account of its agent") {
  auto source = sample::project({sample::tool("api", "https://api.example/")},
                                {policy_for("p", {"account:billing"}, {rule(Permission::allow)})});
  const auto decides = [](const runagents::model::Project& project) {
    const Evaluator evaluator(project);
    return evaluator
        .decide({.tool = evaluator.tools().front(), .method = "GET", .path = "/", .end_user = {}, .now = noon}, nullptr)
        .permission;
  };
  CHECK(decides(source) == Permission::deny);
  source.agent.account = "billing";
  CHECK(decides(source) == Permission::allow);
}
