#include "core/config/project_file.hpp"

#include <doctest/doctest.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/reading.hpp"
#include "tests/unit/effort.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::config {
namespace {

using tests::effort;
using tests::TemporaryDirectory;

using namespace std::chrono_literals;

model::Project good(std::string_view text) {
  auto project = parse_project(text, "/project/runagents.toml");
  if (!project) FAIL(to_error(project.error()).message);
  return *std::move(project);
}

std::vector<Finding> bad(std::string_view text) {
  auto project = parse_project(text, "/project/runagents.toml");
  if (project) FAIL("was read without a finding");
  return std::move(project.error());
}

constexpr std::string_view agent = "[agent]\nname = \"a\"\n";

std::string with_agent(std::string_view text) { return std::string{agent} + std::string{text}; }

TEST_CASE("the complete example is read into every part of the project") {
  const std::filesystem::path file = std::string{RUNAGENTS_SOURCE_DIR} + "/tests/corpus/config/valid/complete.toml";
  const auto project = read_project(file);
  REQUIRE(project);
  CHECK(project->file == file);
  CHECK(project->directory == file.parent_path());
  CHECK(project->agent_identity() == "spiffe://local/agent/billing-agent");
  CHECK(project->agent.command == std::vector<std::string>{"python3", "agent.py"});
  CHECK(project->agent.system_prompt == "You reconcile invoices.");
  CHECK(project->agent.tools == std::vector<std::string>{"stripe", "drive"});
  CHECK(project->agent.account == "billing-bot");
  CHECK(project->agent.environment.at("LOG_LEVEL") == "debug");

  REQUIRE(project->tools.size() == 4);
  const auto* stripe = project->tool("stripe");
  REQUIRE(stripe != nullptr);
  CHECK(stripe == &project->tools[0]);
  CHECK(stripe->base_url.to_string() == "https://api.stripe.com");
  CHECK(stripe->auth.type == model::AuthType::bearer);
  CHECK(stripe->auth.name == "Authorization");
  CHECK(stripe->auth.prefix == "Bearer ");
  CHECK(stripe->auth.secret == model::SecretReference{model::SecretReference::Kind::env, "STRIPE_API_KEY"});
  REQUIRE(stripe->capabilities.size() == 2);
  CHECK(stripe->capabilities[1].name == "charges.create");
  CHECK(stripe->capabilities[1].method == "POST");
  CHECK(stripe->capabilities[1].path == "/v1/charges");
  CHECK(stripe->capabilities[1].risk_tags == std::vector<std::string>{"financial"});
  CHECK(stripe->network == model::Network::public_only);
  CHECK(stripe->timeout == 5min);

  CHECK(project->tool("drive")->base_url.path == "/drive/v3");
  CHECK(project->tool("drive")->auth.client_secret->to_string() == "store:drive");
  CHECK(project->tool("reports")->auth.region == "eu-central-1");
  CHECK(project->tool("github")->kind == model::ToolKind::mcp);
  CHECK(project->tool("github")->auth.on_behalf_of == "end_user");

  REQUIRE(project->policies.size() == 1);
  const auto& payments = project->policies[0];
  CHECK(payments.subjects == std::vector<std::string>{"agent:billing-agent"});
  REQUIRE(payments.rules.size() == 3);
  CHECK(payments.rules[1].permission == model::Permission::approval_required);
  CHECK(payments.rules[2].resource == "https://api.stripe.com/*");
  REQUIRE(payments.approvals.size() == 1);
  CHECK(payments.approvals[0].approver_groups == std::vector<std::string>{"finance"});
  CHECK(payments.approvals[0].default_duration == 4h);

  CHECK(project->models[0].role == "default");
  CHECK(project->providers[0].upstream.auth.secret->to_string() == "env:OPENAI_API_KEY");
  CHECK(project->identity_providers[0].audiences == std::vector<std::string>{"my-app"});
}

TEST_CASE("domains of an identity provider are canonical hosts") {
  const auto project =
      good(with_agent("[identity_providers.i]\nissuer = \"https://i.example\"\njwks_uri = \"https://i.example/k\"\n"
                      "allowed_client_domains = [\"App.Example\", \"B\u00fccher.example\"]\n"
                      "allowed_email_domains = [\"EXAMPLE.com\"]\n"));
  const auto& provider = project.identity_providers.at(0);
  CHECK(provider.allowed_client_domains == std::vector<std::string>{"app.example", "xn--bcher-kva.example"});
  CHECK(provider.allowed_email_domains == std::vector<std::string>{"example.com"});
}

TEST_CASE("an agent without a list of tools uses all tools, in the order of the file") {
  const auto project =
      good(with_agent("[tools.zebra]\nbase_url = \"https://z.example.com\"\n"
                      "[tools.ant]\nbase_url = \"https://a.example.com\"\n"));
  CHECK(project.agent.tools == std::vector<std::string>{"zebra", "ant"});
  CHECK(project.tools[0].name == "zebra");
}

TEST_CASE("hosts and paths of base URLs are canonical") {
  const auto project =
      good(with_agent("[tools.a]\nbase_url = \"HTTPS://B\u00fccher.Example./%7Euser/./x/\"\n"
                      "[tools.b]\nbase_url = \"http://[0:0::0001]:8080/\"\n"
                      "[tools.c]\nbase_url = \"builtin://echo\"\n"
                      "[tools.d]\nkind = \"tcp\"\nbase_url = \"tcp://DB.example.com:5432\"\n"));
  CHECK(project.tools[0].base_url.to_string() == "https://xn--bcher-kva.example/~user/x");
  CHECK(project.tools[1].base_url.to_string() == "http://[::1]:8080");
  CHECK(project.tools[2].base_url.scheme == "builtin");
  CHECK(project.tools[2].base_url.host == "echo");
  CHECK(project.tools[2].base_url.port == 0);
  CHECK(project.tools[3].base_url.to_string() == "tcp://db.example.com:5432");
}

TEST_CASE("only a tool registered by a local name or address is on a private network by itself") {
  const auto network_of = [](std::string_view url) {
    const auto project = good(with_agent("[tools.t]\nbase_url = \"" + std::string{url} + "\"\n"));
    return project.tools[0].network;
  };
  for (const auto* url : {"http://localhost", "http://api.localhost", "http://127.0.0.1", "http://127.9.9.9",
                          "http://[::1]", "http://10.0.0.1", "http://172.16.0.1", "http://172.31.255.255",
                          "http://192.168.0.1", "http://100.64.0.1", "http://[fd12::1]"}) {
    CAPTURE(url);
    CHECK(network_of(url) == model::Network::private_allowed);
  }
  for (const auto* url : {"http://localhost.example.com", "http://notlocalhost", "http://8.8.8.8", "http://172.32.0.1",
                          "http://11.0.0.1", "http://100.128.0.1", "http://[2001:db8::1]", "https://10.example.com"}) {
    CAPTURE(url);
    CHECK(network_of(url) == model::Network::public_only);
  }
}

TEST_CASE("a credential may go without TLS to the loopback only, unless the tool says so") {
  const auto tool = [](std::string_view url, std::string_view more) {
    return with_agent("[tools.t]\nbase_url = \"" + std::string{url} +
                      "\"\nauth = { type = \"bearer\", secret = \"env:X\" }\n" + std::string{more});
  };
  CHECK(good(tool("http://127.0.0.1:3000", "")).tools.size() == 1);
  CHECK(good(tool("http://localhost", "")).tools.size() == 1);
  CHECK(good(tool("http://api.example.com", "insecure = true\n")).tools[0].insecure);
  CHECK(bad(tool("http://api.example.com", "")).size() == 1);
  CHECK(bad(tool("http://localhost.example.com", "")).size() == 1);
  CHECK(bad(tool("http://192.168.1.1", "")).size() == 1);
}

TEST_CASE("conditions become minutes and days") {
  const auto project =
      good(with_agent("[policies.p]\nrules = [{ permission = \"deny\", when = { hours = "
                      "\"22:00-06:30\", days = [\"mon\", \"sun\"] } }]\n"));
  const auto& when = project.policies[0].rules[0].when;
  REQUIRE(when);
  CHECK(when->hours->from == 1320);
  CHECK(when->hours->to == 390);
  CHECK(when->days == 0b1000001);
}

TEST_CASE("limits, time-out and flags reach the tool") {
  const auto project =
      good(with_agent("limits = { calls_per_run = 7 }\n[tools.t]\nbase_url = \"https://t.example.com\"\n"
                      "limits = { requests_per_minute = 60, burst = 5, calls_per_run = 9 }\n"
                      "timeout = \"1m30s\"\ntrace_headers = true\nallow_encoded_slash = true\n"
                      "network = \"private\"\ndescription = \"D\"\n"));
  const auto& tool = project.tools[0];
  CHECK(project.agent.limits.calls_per_run == 7);
  CHECK(tool.limits.requests_per_minute == 60);
  CHECK(tool.limits.burst == 5);
  CHECK(tool.limits.calls_per_run == 9);
  CHECK(tool.timeout == 90s);
  CHECK(tool.trace_headers);
  CHECK(tool.allow_encoded_slash);
  CHECK(tool.network == model::Network::private_allowed);
  CHECK(tool.description == "D");
}

TEST_CASE("TLS that is passed through goes with nothing that needs a look inside") {
  const std::string tool = "[tools.t]\nbase_url = \"https://t.example.com\"\n";
  CHECK(good(with_agent(tool)).tools[0].tls == model::Tls::intercept);
  CHECK(good(with_agent(tool + "tls = \"passthrough\"\n")).tools[0].tls == model::Tls::passthrough);
}

TEST_CASE("what is spoken with a tool is left to TLS, or said") {
  const std::string tool = "[tools.t]\nbase_url = \"https://t.example.com\"\n";
  CHECK(good(with_agent(tool)).tools[0].http_version == model::HttpVersion::automatic);
  CHECK(good(with_agent(tool + "http_version = \"auto\"\n")).tools[0].http_version == model::HttpVersion::automatic);
  CHECK(good(with_agent(tool + "http_version = \"1.1\"\n")).tools[0].http_version == model::HttpVersion::http1);
  CHECK(good(with_agent(tool + "http_version = \"2\"\n")).tools[0].http_version == model::HttpVersion::http2);
}

TEST_CASE("a TCP tool may be silent for longer") {
  CHECK(good(with_agent("[tools.t]\nkind = \"tcp\"\nbase_url = \"tcp://localhost:5432\"\n")).tools[0].timeout == 24h);
}

TEST_CASE("files are looked for beside the project file") {
  const TemporaryDirectory directory;
  directory.write("prompt.txt", "Be kind.\nAlways.\n");
  directory.write("ca.pem", "-----BEGIN CERTIFICATE-----\n");
  const auto file = directory.write("runagents.toml",
                                    "[agent]\nname = \"a\"\nsystem_prompt_file = \"prompt.txt\"\n"
                                    "[tools.t]\nbase_url = \"https://t.example.com\"\nca_file = \"./ca.pem\"\n");
  const auto project = read_project(file);
  REQUIRE(project);
  CHECK(project->agent.system_prompt == "Be kind.\nAlways.\n");
  CHECK(project->tools[0].ca_file == (directory.path() / "ca.pem").string());
}

TEST_CASE("a system prompt that no environment can hold is refused") {
  const TemporaryDirectory directory;
  directory.write("long.txt", std::string(121 * 1024, 'x'));
  directory.write("nul.txt", std::string_view{"a\0b", 3});
  const auto read = [&](const std::string& name) {
    return read_project(
        directory.write("runagents.toml", "[agent]\nname = \"a\"\nsystem_prompt_file = \"" + name + "\"\n"));
  };
  REQUIRE(!read("long.txt"));
  REQUIRE(!read("nul.txt"));
  CHECK(read("nul.txt").error()[0].message == "leads to a file that holds a NUL character");
  CHECK(bad("[agent]\nname = \"a\"\nsystem_prompt = \"" + std::string(121 * 1024, 'x') + "\"\n").size() == 1);
}

TEST_CASE("a named pipe in place of a file is refused without waiting for a writer") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory.path() / "pipe").c_str(), 0600) == 0);
  CHECK(!read_project(directory.path() / "pipe"));
  const auto file = directory.write("runagents.toml", "[agent]\nname = \"a\"\nsystem_prompt_file = \"pipe\"\n");
  const auto project = read_project(file);
  REQUIRE(!project);
  CHECK(project.error()[0].message.contains("not a regular file"));
}

TEST_CASE("a file that cannot be read is one finding without a line") {
  const TemporaryDirectory directory;
  const auto missing = read_project(directory.path() / "none.toml");
  REQUIRE(!missing);
  REQUIRE(missing.error().size() == 1);
  CHECK(missing.error()[0].line == 0);
  CHECK(missing.error()[0].to_string().contains("No such file or directory"));
  CHECK(!read_project(directory.path()));
}

TEST_CASE("a file of more than 4 MiB is refused before it is parsed") {
  const TemporaryDirectory directory;
  const auto large = std::string{agent} + "#" + std::string(std::size_t{4} * 1024 * 1024, 'x');
  CHECK(bad(large).at(0).message.contains("larger than"));
  CHECK(!read_project(directory.write("large.toml", large)));
  const auto fitting = std::string{agent} + "#" + std::string(std::size_t{4} * 1024 * 1024 - agent.size() - 1, 'x');
  CHECK(parse_project(fitting, "x.toml"));
}

TEST_CASE("a flood of findings is cut off and counted") {
  std::string text{agent};
  const auto flood = effort(50'000);
  for (std::size_t i = 0; i < flood; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const auto findings = bad(text);
  REQUIRE(findings.size() == max_findings + 1);
  CHECK(findings.front().line == 3);
  CHECK(findings.back().message == "and " + std::to_string(flood - max_findings) + " more findings");
}

TEST_CASE("thousands of tools are checked against each other in reasonable time") {
  std::string text{agent};
  for (int i = 0; i < 5'000; ++i) {
    const auto number = std::to_string(i);
    text += "[tools.t" + number + "]\nbase_url = \"https://t" + number + ".example.com\"\n";
  }
  CHECK(good(text).tools.size() == 5'000);
}

TEST_CASE("findings come in the order of the file, whatever order they were found in") {
  const auto findings =
      bad(with_agent("[policies.p]\nrules = [{ permission = \"deny\", tool = \"nope\" }]\n"
                     "[tools.t]\nbase_url = \"https://t.example.com\"\nzebra = 1\nyak = 2\n"));
  REQUIRE(findings.size() == 3);
  CHECK(findings[0].key == "policies.p.rules[1].tool");
  CHECK(findings[1].key == "tools.t.zebra");
  CHECK(findings[2].key == "tools.t.yak");
}

TEST_CASE("a finding is one line with file, place, key, message and suggestion") {
  const Finding full{"/p/runagents.toml", 3, 1, "tools.t.capabilites", "is not known", "did you mean \"x\"?"};
  CHECK(full.to_string() == "/p/runagents.toml:3:1: tools.t.capabilites: is not known (did you mean \"x\"?)");
  CHECK(Finding{"f", 0, 0, "", "m", ""}.to_string() == "f: m");
  const auto error = to_error({full, Finding{"f", 1, 2, "", "m", ""}});
  CHECK(error.code == ErrorCode::configuration);
  CHECK(error.message == full.to_string() + "\nf:1:2: m");
}

TEST_CASE("control characters of a file do not reach the terminal") {
  for (const auto& finding : bad(with_agent("\"\\u001b[31m\\u0007\\u000a\" = 1\ncommand = \"\\u001b\"\n"))) {
    for (const char c : finding.to_string()) CHECK(static_cast<unsigned char>(c) >= 0x20);
  }
}

TEST_CASE("a text in memory is read with the directory of the file that it is said to be") {
  const auto project = parse_project(agent, "/some/where/else.toml");
  REQUIRE(project);
  CHECK(project->directory == "/some/where");
}

TEST_CASE("the project file is found in the directory or the nearest parent") {
  const TemporaryDirectory directory;
  const auto inner = directory.path() / "a" / "b";
  std::filesystem::create_directories(inner);
  const auto outer_file = directory.write("runagents.toml", agent);
  CHECK(find_project_file(inner) == outer_file);
  const auto nearer = directory.write("a/runagents.toml", agent);
  CHECK(find_project_file(inner) == nearer);
  CHECK(find_project_file(directory.path()) == outer_file);
}

TEST_CASE("no project file is an error that tells how to make one") {
  const TemporaryDirectory directory;
  const auto found = find_project_file(directory.path());
  REQUIRE(!found);
  CHECK(found.error().code == ErrorCode::not_found);
  CHECK(found.error().hint.contains("runagents init"));
}

TEST_CASE("a project file that others planted or can change is not used unasked") {
  const TemporaryDirectory directory;
  const auto file = directory.write("runagents.toml", agent, 0666);
  const auto writable = find_project_file(directory.path());
  REQUIRE(!writable);
  CHECK(writable.error().code == ErrorCode::configuration);
  CHECK(writable.error().hint.contains("--config"));
  ::chmod(file.c_str(), 0644);
  CHECK(find_project_file(directory.path()));
  if (::geteuid() == 0) {
    REQUIRE(::chown(file.c_str(), 12345, 12345) == 0);
    CHECK(!find_project_file(directory.path()));
    CHECK(read_project(file));
  }
}

}  // namespace
}  // namespace runagents::config
