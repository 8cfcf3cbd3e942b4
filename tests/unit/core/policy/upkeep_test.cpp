#include "core/policy/upkeep.hpp"

#include <doctest/doctest.h>

#include "tests/unit/core/policy/sample.hpp"

using namespace runagents::policy;
using sample::capability;
using sample::Permission;
using sample::policy;
using sample::project;
using sample::tool;

namespace {

runagents::model::Tool server(std::vector<runagents::model::Capability> capabilities = {}) {
  auto github = tool("github", "https://mcp.example/github", std::move(capabilities));
  github.kind = runagents::model::ToolKind::mcp;
  return github;
}

Permission upkeep(const Evaluator& evaluator, std::string_view method = "initialize") {
  return decide_upkeep(evaluator, {.tool = evaluator.tools().front(), .method = method, .path = "/github"}).permission;
}

}  // namespace

TEST_CASE("upkeep is allowed where something may be done, if only after an approval") {
  CHECK(
      upkeep(Evaluator(project({server()}, {policy("p", {{.permission = Permission::allow, .operations = {"a"}}})}))) ==
      Permission::allow);
  CHECK(upkeep(Evaluator(project(
            {server()}, {policy("p", {{.permission = Permission::approval_required, .operations = {"a"}}})}))) ==
        Permission::allow);
  CHECK(upkeep(Evaluator(project({server()}, {policy("p", {{.permission = Permission::approval_required}})}))) ==
        Permission::allow);
}

TEST_CASE("upkeep is denied where nothing may be done") {
  CHECK(upkeep(Evaluator(project({server()}, {}))) == Permission::deny);
  CHECK(upkeep(Evaluator(project({server()}, {policy("p", {{.permission = Permission::allow, .operations = {"a"}},
                                                           {.permission = Permission::deny}})}))) == Permission::deny);
  CHECK(upkeep(Evaluator(project(
            {server()}, {policy("p", {{.permission = Permission::allow, .operations = {"a"}},
                                      {.permission = Permission::deny, .operations = {"a"}}})}))) == Permission::deny);
}

TEST_CASE("what is allowed counts only as far as it is declared") {
  const auto rules = policy("p", {{.permission = Permission::allow, .operations = {"a"}}});
  CHECK(upkeep(Evaluator(project({server({capability("b", "", "")})}, {rules}))) == Permission::deny);
  CHECK(upkeep(Evaluator(project({server({capability("a", "", "")})}, {rules}))) == Permission::allow);
}

TEST_CASE("upkeep may be denied by its name") {
  const Evaluator evaluator(project(
      {server()},
      {policy("p", {{.permission = Permission::allow}, {.permission = Permission::deny, .operations = {"ping"}}})}));
  CHECK(upkeep(evaluator) == Permission::allow);
  CHECK(upkeep(evaluator, "ping") == Permission::deny);
}

TEST_CASE("the endpoint of a server is its base URL, with a slash at the end or without") {
  const auto github = server();
  CHECK(is_endpoint(github, "/github"));
  CHECK(is_endpoint(github, "/github/"));
  CHECK_FALSE(is_endpoint(github, "/github/x"));
  CHECK_FALSE(is_endpoint(github, "/github//"));
  CHECK_FALSE(is_endpoint(github, "/"));
  CHECK(is_endpoint(tool("api", "https://api.example/v1"), "/v1/anything"));
}
