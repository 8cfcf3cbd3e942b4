#include "cli/project/project.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cli/policies/decision_cases.hpp"
#include "cli/policies/policies.hpp"
#include "cli/policies/test.hpp"
#include "cli/project/init.hpp"
#include "cli/project/lint.hpp"
#include "cli/run/run.hpp"
#include "cli/tools/tools.hpp"
#include "core/config/project_file.hpp"
#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using runagents::tests::CommandFixture;

namespace {

const std::string text = R"([agent]
name = "billing-agent"
command = ["true"]
[tools.stripe]
base_url = "https://api.stripe.com"
auth = { type = "bearer", secret = "env:STRIPE_API_KEY" }
capabilities = [
  { name = "charges.list", method = "GET", path = "/v1/charges" },
  { name = "refunds.create", method = "POST", path = "/v1/refunds", risk_tags = ["financial"] },
]
[policies.payments]
rules = [
  { permission = "allow", tool = "stripe", operations = ["GET"] },
  { permission = "approval_required", tags = ["financial"] },
]
)";

struct WithProject : CommandFixture {
  WithProject() { write("runagents.toml", text); }
};

std::vector<std::string> checks(const std::string& rules, const std::string& more = {}) {
  const auto start = text.substr(0, text.find("[policies"));
  const auto project =
      config::parse_project(start + "[policies.p]\nrules = [" + rules + "]\n" + more, "/x/runagents.toml");
  if (!project) FAIL(config::to_error(project.error()).message);
  std::vector<std::string> found;
  for (const auto& finding : lint(*project)) found.push_back(finding.check);
  return found;
}

using Checks = std::vector<std::string>;

}  // namespace

TEST_CASE("the project is the one named by flag, then by variable, then the nearest upwards") {
  WithProject fixture;
  std::filesystem::create_directories(fixture.directory / "a/b");
  fixture.context.working_directory = fixture.directory / "a/b";
  CHECK(project_file("", fixture.context).value() == fixture.directory / "runagents.toml");
  fixture.write("other.toml", text);
  fixture.variables["RUNAGENTS_CONFIG"] = (fixture.directory / "other.toml").string();
  CHECK(project_file("", fixture.context).value() == fixture.directory / "other.toml");
  CHECK(project_file("../../runagents.toml", fixture.context).value().lexically_normal() ==
        fixture.directory / "runagents.toml");
  CHECK(project_file("../..", fixture.context).value().filename() == "runagents.toml");
  CHECK(project_file("missing.toml", fixture.context).error().code == ErrorCode::configuration);
}

TEST_CASE("run takes the command of the file or the one that is given") {
  WithProject fixture;
  fixture.context.directories = [] { return config::Directories{"/c", "/d", "/e", "/f"}; };
  CHECK(run_options({}, fixture.context)->project.agent.command == std::vector<std::string>{"true"});
  RunFlags flags;
  flags.command = {"python3", "x.py"};
  flags.environment = {"A=1", "B=x=y", "C="};
  const auto options = run_options(flags, fixture.context).value();
  CHECK(options.project.agent.command == flags.command);
  CHECK(options.environment == std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "x=y"}, {"C", ""}});
}

TEST_CASE("another agent's name is refused with the name that exists") {
  WithProject fixture;
  RunFlags flags;
  flags.agent = "biling-agent";
  const auto options = run_options(flags, fixture.context);
  REQUIRE_FALSE(options.has_value());
  CHECK(options.error().hint.contains("\"billing-agent\""));
}

TEST_CASE("a run is fenced in unless somebody says otherwise") {
  WithProject fixture;
  fixture.context.directories = [] { return config::Directories{"/c", "/d", "/e", "/f"}; };
  RunFlags flags;
  const auto fenced = run_options(flags, fixture.context);
  REQUIRE(fenced.has_value());
  CHECK(fenced->isolation == Isolation::strict);
  flags.isolation = "none";
  const auto open = run_options(flags, fixture.context);
  REQUIRE(open.has_value());
  CHECK(open->isolation == Isolation::none);
  flags.mask = {"/tmp"};
  CHECK_FALSE(run_options(flags, fixture.context).has_value());
}

TEST_CASE("a wrong --env is refused without repeating its value") {
  for (const auto* word : {"=hunter2", "1A=hunter2", "A B=hunter2"}) {
    const auto read = read_assignments({word});
    REQUIRE_FALSE(read.has_value());
    CHECK_FALSE(read.error().message.contains("hunter2"));
  }
}

TEST_CASE("a tool is shown with its reference, never with its secret") {
  WithProject fixture;
  ::setenv("STRIPE_API_KEY", "sk_live_secret", 1);
  CHECK(get_tool({.config = {}, .name = "stripe"}, fixture.context) == 0);
  const auto card = fixture.printed();
  CHECK(card.contains("bearer env:STRIPE_API_KEY"));
  CHECK(card.contains("refunds.create"));
  CHECK_FALSE(card.contains("sk_live_secret"));
  const auto unknown = get_tool({.config = {}, .name = "strip"}, fixture.context);
  CHECK(unknown.error().code == ErrorCode::not_found);
  CHECK(unknown.error().hint.contains("\"stripe\""));
}

TEST_CASE("headers are read as curl reads them, and cannot carry line breaks") {
  CHECK(read_headers({"Accept: text/plain", "X-Empty:"}).value() ==
        std::vector<std::pair<std::string, std::string>>{{"Accept", "text/plain"}, {"X-Empty", ""}});
  for (const auto* line : {"Accept", ": x", "A b: x", "A: x\r\nHost: y", "A\n: x"}) {
    CAPTURE(line);
    CHECK_FALSE(read_headers({line}).has_value());
  }
}

TEST_CASE("a call to a tool that does not exist is not made") {
  WithProject fixture;
  fixture.context.directories = [] { return config::Directories{"/c", "/d", "/e", "/f"}; };
  ToolsCall call;
  call.name = "strip";
  CHECK(call_tool(call, fixture.context).error().code == ErrorCode::not_found);
}

TEST_CASE("explain says the verdict, the rule and the reason") {
  WithProject fixture;
  fixture.context.output.format = output::Format::json;
  PoliciesExplain options{
      .config = {}, .method = "GET", .url = "https://api.stripe.com/v1/charges", .user = {}, .groups = {}};
  CHECK(explain_call(options, fixture.context) == 0);
  auto object = nlohmann::json::parse(fixture.printed());
  CHECK(object["verdict"] == "ALLOWED");
  CHECK(object["decision"]["rule"] == 1);
  options.check = true;
  options.method = "DELETE";
  CHECK(explain_call(options, fixture.context) == 4);
  CHECK(nlohmann::json::parse(fixture.printed())["verdict"] == "POLICY_DENIED");
  options.method = "POST";
  options.url = "https://api.stripe.com/v1/refunds";
  CHECK(explain_call(options, fixture.context) == 5);
}

TEST_CASE("policies test holds decisions against a file and ends with 9 when one differs") {
  WithProject fixture;
  fixture.write("cases.txt",
                "# a remark\nGET https://api.stripe.com/v1/charges -> ALLOW payments#1 charges.list\n"
                "PUT https://api.stripe.com/v1/charges user=ada -> POLICY_DENIED # no rule\n");
  CHECK(test_policies({.config = {}, .file = "cases.txt"}, fixture.context) == 0);
  CHECK(fixture.err.str().contains("2 cases, 0 failed"));
  fixture.write("cases.txt", "GET https://api.stripe.com/v1/charges -> ALLOW payments#2\n");
  CHECK(test_policies({.config = {}, .file = "cases.txt"}, fixture.context) == 9);
  CHECK(fixture.printed().contains("expected rule payments#2, is payments#1"));
}

TEST_CASE("a section is judged with the project beside the file") {
  CommandFixture fixture;
  std::filesystem::create_directory(fixture.directory / "corpus");
  fixture.write("corpus/shop.toml", text);
  fixture.write("corpus/cases.txt", "== shop: a section\nGET https://api.stripe.com/v1/charges -> ALLOW\n");
  CHECK(test_policies({.config = {}, .file = "corpus/cases.txt"}, fixture.context) == 0);
}

TEST_CASE("the project's own corpus of decisions passes") {
  CommandFixture fixture;
  fixture.context.working_directory = std::filesystem::path{RUNAGENTS_SOURCE_DIR} / "tests/corpus/decisions";
  const auto outcome = test_policies({.config = {}, .file = "cases.txt"}, fixture.context);
  CAPTURE(fixture.out.str());
  CHECK(outcome == 0);
}

TEST_CASE("a line that is no case is an error with its number") {
  for (const auto* line : {"GET https://x/", "GET -> ALLOW", "GET https://x/ who=me -> ALLOW",
                           "GET https://x/\\q -> ALLOW", "GET https://x/ -> A b c d"}) {
    CAPTURE(line);
    const auto cases = read_decision_cases(std::string{"\n"} + line, "c.txt");
    REQUIRE_FALSE(cases.has_value());
    CHECK(cases.error().message.starts_with("c.txt:2: "));
  }
  CHECK(read_decision_cases("GET https://x/\\x00\\\\ -> ALLOW", "c")->front().url == std::string{"https://x/\0\\", 12});
}

TEST_CASE("lint has nothing to say about a sound policy") {
  CHECK(
      checks(
          R"({ permission = "allow", operations = ["GET"] }, { permission = "approval_required", tags = ["financial"] })")
          .empty());
}

TEST_CASE("lint finds rules that never decide") {
  CHECK(checks(R"({ permission = "deny" }, { permission = "allow", operations = ["GET"] })") == Checks{"shadowed"});
  CHECK(
      checks(
          R"({ permission = "allow", tool = "stripe", operations = ["GET"] }, { permission = "allow", operations = ["GET"], users = ["ada"] })") ==
      Checks{"redundant"});
  CHECK(
      checks(
          R"({ permission = "deny", resource = "https://api.stripe.com/*" }, { permission = "allow", resource = "https://api.stripe.com/v1/*", operations = ["GET"] })") ==
      Checks{"shadowed"});
}

TEST_CASE("lint does not call a rule shadowed that still decides something") {
  CHECK(checks(R"({ permission = "deny", users = ["eve"] }, { permission = "allow", operations = ["GET"] })").empty());
  CHECK(
      checks(R"({ permission = "deny", operations = ["GET"] }, { permission = "allow", operations = ["GET", "POST"] })")
          .empty());
  CHECK(
      checks(
          R"({ permission = "deny", resource = "https://api.stripe.com/v1/refunds" }, { permission = "allow", operations = ["GET"] })")
          .empty());
}

TEST_CASE("lint finds selectors that fit nothing") {
  CHECK(checks(R"({ permission = "allow", operations = ["GET", "PATCH"] })") == Checks{"unused-operation"});
  CHECK(checks(R"({ permission = "allow", operations = ["GET"] }, { permission = "deny", tags = ["pii"] })") ==
        Checks{"unused-tag"});
  CHECK(
      checks(
          R"({ permission = "allow", operations = ["GET"] }, { permission = "deny", resource = "https://elsewhere.com/*" })") ==
      Checks{"unused-resource"});
}

TEST_CASE("lint finds a tool that nothing allows, and approvers whom nobody asks") {
  CHECK(checks(R"({ permission = "deny", operations = ["GET"] })") == Checks{"never-allowed"});
  CHECK(checks(R"({ permission = "allow", operations = ["GET"] })",
               "approvals = [ { tags = [\"financial\"], approvers = { groups = [\"finance\"] } } ]\n") ==
        Checks{"unused-approval"});
}

TEST_CASE("lint finds a rule that allows everything on a tool without capabilities") {
  const auto project = config::parse_project(
      "[agent]\nname = \"a\"\ncommand = [\"true\"]\n[tools.t]\nbase_url = \"https://t.example\"\n"
      "[policies.p]\nrules = [ { permission = \"allow\", tool = \"t\" } ]\n",
      "/x/runagents.toml");
  REQUIRE(project.has_value());
  const auto findings = lint(*project);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].check == "wide-open");
}

TEST_CASE("lint names file and line, and ends with 9") {
  CommandFixture fixture;
  fixture.write("runagents.toml",
                text + "[policies.more]\nrules = [\n  { permission = \"deny\", tags = [\"pii\"] },\n]\n");
  CHECK(lint_policies({}, fixture.context) == 9);
  CHECK(fixture.printed().contains(
      "runagents.toml:18: more#1: no tool and no capability is tagged \"pii\" [unused-tag]"));
}

TEST_CASE("init writes a project that the reader accepts and lint has nothing to say about, in every language") {
  for (const auto* language : {"python", "node", "shell"}) {
    CAPTURE(language);
    CommandFixture fixture;
    CHECK(init({.directory = "My Agent!", .language = language}, fixture.context) == 0);
    const auto project = config::read_project(fixture.directory / "My Agent!/runagents.toml");
    if (!project) FAIL(config::to_error(project.error()).message);
    CHECK(project->agent.name == "my-agent");
    CHECK(lint(*project).empty());
    CHECK(std::filesystem::exists(fixture.directory / "My Agent!" / project->agent.command.back()));
    CHECK(std::filesystem::exists(fixture.directory / "My Agent!/.gitignore"));
  }
}

TEST_CASE("init leaves files alone that are there, unless forced") {
  CommandFixture fixture;
  fixture.write("agent.py", "mine");
  const auto outcome = init({}, fixture.context);
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::conflict);
  CHECK(outcome.error().message.contains("agent.py"));
  CHECK_FALSE(std::filesystem::exists(fixture.directory / "runagents.toml"));
  CHECK(init({.force = true}, fixture.context) == 0);
  CHECK(std::filesystem::exists(fixture.directory / "runagents.toml"));
}

TEST_CASE("forced init replaces a link instead of writing through it") {
  CommandFixture fixture;
  fixture.write("elsewhere", "mine");
  std::filesystem::create_symlink(fixture.directory / "elsewhere", fixture.directory / "agent.py");
  CHECK(init({.force = true}, fixture.context) == 0);
  std::ifstream kept{fixture.directory / "elsewhere"};
  std::string word;
  kept >> word;
  CHECK(word == "mine");
}

TEST_CASE("an agent's name is made of what its directory is called") {
  CHECK(agent_name("Billing Agent (v2)") == "billing-agent-v2");
  CHECK(agent_name("___") == "agent");
  CHECK(agent_name("ünïcode") == "n-code");
}
