#include <doctest/doctest.h>
#include <string>

#include "core/policy/evaluator.hpp"
#include "tests/unit/core/policy/sample.hpp"

using runagents::policy::Evaluator;
using runagents::policy::Operation;
using sample::capability;
using sample::decide;
using sample::Permission;
using sample::policy;
using sample::project;
using sample::tool;

namespace {

std::string name_of(const runagents::model::Tool* found) { return found == nullptr ? "none" : found->name; }
std::string name_of(const runagents::model::Capability* found) { return found == nullptr ? "none" : found->name; }

}  // namespace

TEST_CASE("a tool is found by host, port and the longest base path on segment boundaries") {
  const Evaluator evaluator(
      project({tool("root", "https://www.googleapis.com/"), tool("drive", "https://www.googleapis.com/drive/v3"),
               tool("gmail", "https://www.googleapis.com/gmail"), tool("local", "http://localhost:8080/")},
              {}));
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/drive/v3/files")) == "drive");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/drive/v3")) == "drive");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/drive/v3/")) == "drive");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/drive/v33")) == "root");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/drive")) == "root");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/gmail/x")) == "gmail");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 443, "/")) == "root");
  CHECK(name_of(evaluator.identify("www.googleapis.com", 80, "/")) == "none");
  CHECK(name_of(evaluator.identify("googleapis.com", 443, "/")) == "none");
  CHECK(name_of(evaluator.identify("localhost", 8080, "/x")) == "local");
}

TEST_CASE("another spelling of a base path does not reach the tool with the shorter one") {
  const Evaluator evaluator(
      project({tool("root", "https://a.example/"), tool("admin", "https://a.example/x:y/admin")}, {}));
  CHECK(name_of(evaluator.identify("a.example", 443, "/x:y/admin/z")) == "admin");
  CHECK(name_of(evaluator.identify("a.example", 443, "//x:y/admin/z")) == "none");
  CHECK(name_of(evaluator.identify("a.example", 443, "/x%3Ay/admin/z")) == "none");
  CHECK(name_of(evaluator.identify("a.example", 443, "/x%3Ay/other")) == "root");
}

TEST_CASE("a tool that the agent does not use is not found") {
  auto source = project({tool("a", "https://a.example/"), tool("b", "https://b.example/")}, {});
  source.agent.tools = {"b"};
  const Evaluator evaluator(std::move(source));
  CHECK(name_of(evaluator.identify("a.example", 443, "/")) == "none");
  CHECK(name_of(evaluator.identify("b.example", 443, "/")) == "b");
  CHECK(evaluator.tools().size() == 1);
}

TEST_CASE("the most specific capability wins") {
  const Evaluator evaluator(
      project({tool("api", "https://a.example/base",
                    {capability("everything", "*", "/*"), capability("open", "GET", "/items/*"),
                     capability("one", "GET", "/items/{id}"), capability("special", "GET", "/items/special"),
                     capability("any-special", "*", "/items/special"), capability("parts", "GET", "/{kind}/{id}/parts"),
                     capability("root", "GET", "/"), capability("second-root", "GET", "/")})},
              {}));
  const auto find = [&](std::string_view method, std::string_view path) {
    return name_of(evaluator.capability({.tool = evaluator.tools().front(), .method = method, .path = path}));
  };
  CHECK(find("GET", "/base/items/special") == "special");
  CHECK(find("POST", "/base/items/special") == "any-special");
  CHECK(find("GET", "/base/items/7") == "one");
  CHECK(find("GET", "/base/items/7/parts") == "open");
  CHECK(find("GET", "/base/things/7/parts") == "parts");
  CHECK(find("GET", "/base/things/7/other") == "everything");
  CHECK(find("DELETE", "/base/items/7") == "everything");
  CHECK(find("GET", "/base") == "root");
  CHECK(find("GET", "/base/") == "root");
  CHECK(find("POST", "/base") == "none");
  CHECK(find("GET", "/other/items/7") == "none");
  CHECK(find("GET", "/basement") == "none");
}

TEST_CASE("another spelling of a capability is no capability at all, not a less specific one") {
  const Evaluator evaluator(
      project({tool("api", "https://a.example/",
                    {capability("purge", "POST", "/v1/admin:purge", {"danger"}), capability("rest", "POST", "/v1/*")})},
              {}));
  const auto find = [&](std::string_view path) {
    return name_of(evaluator.capability({.tool = evaluator.tools().front(), .method = "POST", .path = path}));
  };
  CHECK(find("/v1/admin:purge") == "purge");
  CHECK(find("/v1/admin%3Apurge") == "none");
  CHECK(find("//v1/admin:purge") == "none");
  CHECK(find("/v1//admin:purge") == "none");
  CHECK(find("/v1/user%40example.com") == "rest");
}

TEST_CASE("the capabilities of an MCP tool are names") {
  auto mcp = tool("github", "https://mcp.example/github",
                  {capability("list_issues", "", ""), capability("merge", "", "", {"danger"})});
  mcp.kind = runagents::model::ToolKind::mcp;
  const Evaluator evaluator(
      project({mcp}, {policy("p", {{.permission = Permission::allow, .operations = {"list_issues", "merge"}},
                                   {.permission = Permission::deny, .tags = {"danger"}}})}));
  Operation operation{.tool = evaluator.tools().front(), .method = "list_issues", .path = "/github"};
  CHECK(name_of(evaluator.capability(operation)) == "list_issues");
  CHECK(decide(evaluator, operation).permission == Permission::allow);
  operation.method = "merge";
  CHECK(decide(evaluator, operation).permission == Permission::deny);
  operation.method = "POST";
  CHECK(name_of(evaluator.capability(operation)) == "none");
}

TEST_CASE("a TCP tool is never the tool of a URL, and a built-in one is reached by its name") {
  auto database = tool("db", "https://db.example/");
  database.kind = runagents::model::ToolKind::tcp;
  database.base_url = {.scheme = "tcp", .host = "db.example", .port = 443, .path = ""};
  auto echo = tool("echo", "https://echo/");
  echo.base_url = {.scheme = "builtin", .host = "echo", .port = 0, .path = ""};
  const Evaluator evaluator(project({database, echo}, {}));
  CHECK(name_of(evaluator.identify("db.example", 443, "/")) == "none");
  CHECK(name_of(evaluator.identify("echo", 0, "/x")) == "echo");
}
