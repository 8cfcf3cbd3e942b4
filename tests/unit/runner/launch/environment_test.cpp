#include "runner/launch/environment.hpp"

#include <algorithm>
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "runner/launch/credential_variables.hpp"

using namespace runagents;
using namespace runagents::launch;

namespace {

model::SecretReference from_env(std::string name) {
  return {.kind = model::SecretReference::Kind::env, .value = std::move(name)};
}

model::Tool tool(std::string name, std::vector<model::Capability> capabilities = {}) {
  model::Tool made;
  made.name = std::move(name);
  made.capabilities = std::move(capabilities);
  return made;
}

model::Capability capability(std::string name, std::string method, std::string path) {
  return {.name = std::move(name),
          .method = std::move(method),
          .path = std::move(path),
          .description = "",
          .risk_tags = {}};
}

model::Project project_with(std::vector<model::Tool> tools) {
  model::Project project;
  project.agent.name = "billing-agent";
  project.agent.system_prompt = "You reconcile invoices.";
  for (const auto& one : tools) {
    project.agent.tools.push_back(one.name);
  }
  project.tools = std::move(tools);
  return project;
}

DoorUrls doors_of(const model::Project& project) {
  DoorUrls doors;
  for (const auto& one : project.tools) {
    doors.tools.emplace_back(&one, "http://127.0.0.1:4001/" + one.name);
  }
  doors.forward_proxy = "http://127.0.0.1:4000";
  return doors;
}

using Variables = std::map<std::string, std::string>;

Result<Environment> build(const Variables& inherited, const model::Project& project,
                          const EnvironmentOptions& options = {}) {
  return build_environment(inherited, project, doors_of(project), "01JRUN", options);
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

TEST_CASE("a tool's name becomes part of a variable") {
  CHECK(variable_name("stripe") == "STRIPE");
  CHECK(variable_name("stripe-api.v2") == "STRIPE_API_V2");
  CHECK(variable_name("caf\xc3\xa9") == "CAF__");
}

TEST_CASE("tools, agent and proxy are injected") {
  const auto project = project_with({tool("stripe-api"), tool("drive")});
  const auto environment = build({}, project);
  REQUIRE(environment.has_value());
  const Variables expected{
      {"AGENT_NAME", "billing-agent"},
      {"ALL_PROXY", "http://127.0.0.1:4000"},
      {"HTTPS_PROXY", "http://127.0.0.1:4000"},
      {"HTTP_PROXY", "http://127.0.0.1:4000"},
      {"MCP_SERVERS_JSON", R"({"mcpServers":{}})"},
      {"NODE_USE_ENV_PROXY", "1"},
      {"NO_PROXY", "127.0.0.1,localhost,::1"},
      {"RUNAGENTS_RUN_ID", "01JRUN"},
      {"SYSTEM_PROMPT", "You reconcile invoices."},
      {"TOOL_DEFINITIONS_JSON", "[]"},
      {"TOOL_DRIVE_URL", "http://127.0.0.1:4001/drive"},
      {"TOOL_NAMES", "stripe-api,drive"},
      {"TOOL_ROUTES_JSON", "{}"},
      {"TOOL_STRIPE_API_URL", "http://127.0.0.1:4001/stripe-api"},
      {"TOOL_URL_DRIVE", "http://127.0.0.1:4001/drive"},
      {"TOOL_URL_STRIPE_API", "http://127.0.0.1:4001/stripe-api"},
      {"all_proxy", "http://127.0.0.1:4000"},
      {"http_proxy", "http://127.0.0.1:4000"},
      {"https_proxy", "http://127.0.0.1:4000"},
      {"no_proxy", "127.0.0.1,localhost,::1"},
  };
  CHECK(environment->variables == expected);
  CHECK(environment->injected.size() == expected.size());
  CHECK(environment->removed.empty());
  CHECK(has(environment->entries(), "AGENT_NAME=billing-agent"));
}

TEST_CASE("injected variables win over inherited ones, and doors of an outer run go") {
  const auto environment = build({{"HTTP_PROXY", "http://corporate:8080"},
                                  {"no_proxy", "*"},
                                  {"TOOL_STRIPE_URL", "http://127.0.0.1:1"},
                                  {"TOOL_URL_OTHER", "http://127.0.0.1:2"},
                                  {"RUNAGENTS_RUN_ID", "outer"},
                                  {"TOOLBOX", "kept"}},
                                 project_with({tool("stripe")}));
  REQUIRE(environment.has_value());
  CHECK(environment->variables.at("HTTP_PROXY") == "http://127.0.0.1:4000");
  CHECK(environment->variables.at("no_proxy") == "127.0.0.1,localhost,::1");
  CHECK(environment->variables.at("TOOL_STRIPE_URL") == "http://127.0.0.1:4001/stripe");
  CHECK(environment->variables.at("RUNAGENTS_RUN_ID") == "01JRUN");
  CHECK(environment->variables.at("TOOLBOX") == "kept");
  CHECK(environment->removed == std::vector<std::string>{"TOOL_URL_OTHER"});
}

TEST_CASE("two tools that lead to one variable are a configuration error") {
  for (const auto& [one, other] : {std::pair{"stripe-api", "stripe_api"}, {"url_x", "x_url"}}) {
    const auto environment = build({}, project_with({tool(one), tool(other)}));
    REQUIRE_FALSE(environment.has_value());
    CHECK(environment.error().code == ErrorCode::configuration);
  }
  CHECK(build({}, project_with({tool("url")})).has_value());
}

TEST_CASE("credentials are recognised by name or value") {
  for (const auto* name : {"AWS_ACCESS_KEY_ID",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_SESSION_TOKEN",
                           "GITHUB_TOKEN",
                           "GH_TOKEN",
                           "github_token",
                           "OPENAI_API_KEY",
                           "ANTHROPIC_API_KEY",
                           "GOOGLE_APPLICATION_CREDENTIALS",
                           "DB_PASSWORD",
                           "PGPASSWORD",
                           "MYSQL_PWD",
                           "SSH_AUTH_SOCK",
                           "npm_config__auth",
                           "NPM_TOKEN",
                           "VAULT_TOKEN",
                           "CLIENT_SECRET",
                           "GITHUB_PAT",
                           "TLS_PRIVATE_KEY",
                           "KEY_PASSPHRASE",
                           "SMTP_PASSWD",
                           "RUNAGENTS_API_KEY",
                           "RUNAGENTS_CONTEXT",
                           "RUNLAYER_AGENT_CLIENT_SECRET",
                           "RUNLAYER_AGENT_CLIENT_ID",
                           "OP_SESSION_my"}) {
    CHECK_MESSAGE(is_credential(name, "x"), name);
  }
  for (const auto* name : {"PATH", "HOME", "PWD", "OLDPWD", "LANG", "TERM", "USER", "SHELL", "EDITOR", "LOG_LEVEL",
                           "PYTHONPATH", "NODE_ENV", "XDG_RUNTIME_DIR", "KEYBOARD", "AUTHOR"}) {
    CHECK_MESSAGE(!is_credential(name, "x"), name);
  }
  CHECK(is_credential("DATABASE_URL", "postgres://app:hunter2@db/app"));
  CHECK(is_credential("SERVERS", "redis://one:1/0,redis://:pass@two:1/0"));
  CHECK_FALSE(is_credential("DATABASE_URL", "postgres://app@db:5432/app"));
  CHECK_FALSE(is_credential("LINK", "https://example.com/a:b@c"));
}

TEST_CASE("credentials of the shell are removed and listed") {
  const auto environment =
      build({{"PATH", "/bin"}, {"OPENAI_API_KEY", "sk-1"}, {"GITHUB_TOKEN", "ghp"}}, project_with({}));
  REQUIRE(environment.has_value());
  CHECK(environment->variables.at("PATH") == "/bin");
  CHECK(environment->removed == std::vector<std::string>{"GITHUB_TOKEN", "OPENAI_API_KEY"});
  CHECK_FALSE(environment->variables.contains("OPENAI_API_KEY"));
}

TEST_CASE("what a secret reference reads never reaches the agent, under any name") {
  auto project = project_with({tool("stripe"), tool("drive")});
  project.tools[0].auth.secret = from_env("STRIPE_LIVE");
  project.tools[1].auth.client_secret = from_env("DRIVE_CLIENT");
  project.providers.emplace_back().upstream.auth.secret = from_env("MODEL_KEY");
  const auto environment = build({{"STRIPE_LIVE", "rk_live_0123456789"},
                                  {"DRIVE_CLIENT", "x"},
                                  {"MODEL_KEY", "short"},
                                  {"A_COPY", "rk_live_0123456789"},
                                  {"EMBEDDED", "curl -H 'Authorization: Bearer rk_live_0123456789'"},
                                  {"HARMLESS", "x short"}},
                                 project);
  REQUIRE(environment.has_value());
  CHECK(environment->removed ==
        std::vector<std::string>{"A_COPY", "DRIVE_CLIENT", "EMBEDDED", "MODEL_KEY", "STRIPE_LIVE"});
  CHECK(environment->variables.at("HARMLESS") == "x short");
}

TEST_CASE("--pass-env readmits a credential but never one that the project injects") {
  auto project = project_with({tool("stripe")});
  project.tools[0].auth.secret = from_env("STRIPE_LIVE");
  const Variables inherited{
      {"STRIPE_LIVE", "rk_live_0123456789"}, {"A_COPY", "rk_live_0123456789"}, {"GITHUB_TOKEN", "ghp"}};
  const auto passed = build(inherited, project, {.add = {}, .pass = {"GITHUB_TOKEN", "NOT_SET"}});
  REQUIRE(passed.has_value());
  CHECK(passed->variables.at("GITHUB_TOKEN") == "ghp");
  CHECK_FALSE(has(passed->removed, "GITHUB_TOKEN"));
  for (const auto* name : {"STRIPE_LIVE", "A_COPY", "HTTP_PROXY", "TOOL_STRIPE_URL"}) {
    const auto refused = build(inherited, project, {.add = {}, .pass = {name}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::usage);
    CHECK(refused.error().message.find(name) != std::string::npos);
    CHECK(refused.error().message.find("rk_live") == std::string::npos);
  }
}

TEST_CASE("[agent.env] and --env add, in this order") {
  auto project = project_with({});
  project.agent.environment = {{"LOG_LEVEL", "debug"}, {"MODE", "file"}, {"GITHUB_TOKEN", "placeholder"}};
  const auto environment = build({{"LOG_LEVEL", "info"}, {"GITHUB_TOKEN", "ghp"}}, project,
                                 {.add = {{"MODE", "flag"}, {"EMPTY", ""}}, .pass = {}});
  REQUIRE(environment.has_value());
  CHECK(environment->variables.at("LOG_LEVEL") == "debug");
  CHECK(environment->variables.at("MODE") == "flag");
  CHECK(environment->variables.at("EMPTY").empty());
  CHECK(environment->variables.at("GITHUB_TOKEN") == "placeholder");
  CHECK(environment->removed.empty());
}

TEST_CASE("a variable that runagents sets cannot be replaced") {
  for (const auto* name : {"TOOL_STRIPE_URL", "TOOL_NAMES", "https_proxy", "NODE_USE_ENV_PROXY", "SYSTEM_PROMPT"}) {
    auto project = project_with({tool("stripe")});
    const auto by_flag = build({}, project, {.add = {{name, "x"}}, .pass = {}});
    REQUIRE_FALSE(by_flag.has_value());
    CHECK(by_flag.error().code == ErrorCode::usage);
    project.agent.environment = {{name, "x"}};
    const auto by_file = build({}, project);
    REQUIRE_FALSE(by_file.has_value());
    CHECK(by_file.error().code == ErrorCode::configuration);
  }
}

TEST_CASE("--env cannot smuggle an injected secret or an impossible variable") {
  auto project = project_with({tool("stripe")});
  project.tools[0].auth.secret = from_env("STRIPE_LIVE");
  const Variables inherited{{"STRIPE_LIVE", "rk_live_0123456789"}};
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"KEY", "rk_live_0123456789"},
                                                        {"HEADER", "Bearer rk_live_0123456789"},
                                                        {"", "x"},
                                                        {"A=B", "x"},
                                                        {"A", std::string("x\0y", 3)}}) {
    const auto refused = build(inherited, project, {.add = {{name, value}}, .pass = {}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("rk_live") == std::string::npos);
  }
}

TEST_CASE("capabilities become function definitions and routes under the same names") {
  const auto project = project_with({tool("stripe", {capability("charges.list", "GET", "/v1/charges"),
                                                     capability("charges.update", "POST", "/v1/charges/{id}")}),
                                     tool("plain")});
  const auto definitions = nlohmann::json::parse(tool_definitions_json(project));
  const auto routes = nlohmann::json::parse(tool_routes_json(project));
  CHECK(routes == nlohmann::json::parse(R"({
    "stripe__charges_list": {"tool": "stripe", "method": "GET", "path": "/v1/charges"},
    "stripe__charges_update": {"tool": "stripe", "method": "POST", "path": "/v1/charges/{id}"}})"));
  REQUIRE(definitions.size() == 2);
  CHECK(definitions[0]["type"] == "function");
  CHECK(definitions[0]["function"]["name"] == "stripe__charges_list");
  const auto& list = definitions[0]["function"]["parameters"];
  CHECK(list["properties"].contains("query"));
  CHECK_FALSE(list["properties"].contains("body"));
  CHECK(list["required"].empty());
  const auto& update = definitions[1]["function"]["parameters"];
  CHECK(update["properties"]["id"]["type"] == "string");
  CHECK(update["properties"]["body"]["type"] == "object");
  CHECK(update["required"] == nlohmann::json{"id"});
}

TEST_CASE("every wildcard of a path gets a name of its own") {
  const auto project =
      project_with({tool("t", {capability("a", "GET", "/x/*/y/*/z"), capability("b", "*", "/f/{body}/**"),
                               capability("c", "GET", "/{id}/{id}"), capability("d", "GET", "/")})});
  const auto routes = nlohmann::json::parse(tool_routes_json(project));
  CHECK(routes["t__a"]["path"] == "/x/{segment}/y/{segment_2}/z");
  CHECK(routes["t__b"]["path"] == "/f/{body_2}/{rest}");
  CHECK(routes["t__c"]["path"] == "/{id}/{id_2}");
  CHECK(routes["t__d"]["path"] == "/");
  const auto definitions = nlohmann::json::parse(tool_definitions_json(project));
  CHECK(definitions[1]["function"]["parameters"]["required"] == nlohmann::json{"body_2", "rest", "method"});
}

TEST_CASE("function names fit the API and stay distinct") {
  const std::string long_name(80, 'x');
  const auto project =
      project_with({tool("t", {capability("a.b", "GET", "/1"), capability("a_b", "GET", "/2"),
                               capability(long_name + "1", "GET", "/3"), capability(long_name + "2", "GET", "/4")})});
  const auto routes = nlohmann::json::parse(tool_routes_json(project));
  CHECK(routes.size() == 4);
  CHECK(routes["t__a_b"]["path"] == "/1");
  CHECK(routes["t__a_b_2"]["path"] == "/2");
  for (const auto& [name, route] : routes.items()) {
    CHECK(name.size() <= 64);
  }
}

TEST_CASE("only the agent's own tools are offered, and text that is not UTF-8 does no harm") {
  auto project =
      project_with({tool("mine", {capability("a", "GET", "/a")}), tool("other", {capability("b", "GET", "/b")})});
  project.agent.tools = {"mine"};
  project.tools[0].description = "caf\xe9";
  CHECK(nlohmann::json::parse(tool_routes_json(project)).size() == 1);
  CHECK(nlohmann::json::parse(tool_definitions_json(project)).size() == 1);
}
