#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/policy/evaluator.hpp"
#include "tests/unit/core/policy/sample.hpp"

using namespace std::string_view_literals;
using runagents::model::RefusalCode;
using runagents::policy::EndUser;
using runagents::policy::Evaluator;
using sample::noon;
using sample::Permission;

namespace {

runagents::policy::Verdict explain(const Evaluator& evaluator, std::string_view method, std::string_view url) {
  return runagents::policy::explain(evaluator, method, url, std::nullopt, noon);
}

}  // namespace

TEST_CASE("the verdict follows the order of the pipeline") {
  const Evaluator evaluator(sample::payments());
  CHECK_FALSE(explain(evaluator, "GET", "https://api.stripe.com/v1/charges").code);
  CHECK(explain(evaluator, "POST", "https://api.stripe.com/v1/charges").code == RefusalCode::approval_required);
  CHECK(explain(evaluator, "DELETE", "https://api.stripe.com/v1/charges/ch_1").code == RefusalCode::policy_denied);
  CHECK(explain(evaluator, "GET", "https://api.stripe.com/v1/refunds").code == RefusalCode::capability_not_declared);
  CHECK(explain(evaluator, "PUT", "https://api.stripe.com/v1/refunds").code == RefusalCode::policy_denied);
  CHECK(explain(evaluator, "GET", "https://evil.example/").code == RefusalCode::tool_not_registered);
  CHECK(explain(evaluator, "GET", "http://api.stripe.com:443/v1/charges").code == RefusalCode::tool_not_registered);
  CHECK(explain(evaluator, "GET", "https://api.stripe.com/a%2Fb").code == RefusalCode::ambiguous_target);
  CHECK(explain(evaluator, "GET", "https://evil.example/a%2Fb").code == RefusalCode::tool_not_registered);
  CHECK(explain(evaluator, "GET", "api.stripe.com").code == RefusalCode::bad_request);
  CHECK(explain(evaluator, "G ET", "https://api.stripe.com/").code == RefusalCode::bad_request);
  CHECK(explain(evaluator, "", "https://api.stripe.com/").code == RefusalCode::bad_request);
  for (const auto method : {"TRACE"sv, "TRACK"sv, "CONNECT"sv, "PRI"sv, "trace"sv, "Track"sv}) {
    CHECK(explain(evaluator, method, "https://api.stripe.com/").code == RefusalCode::method_not_allowed);
  }
}

TEST_CASE("a refusal by a rule names policy and rule") {
  const Evaluator evaluator(sample::payments());
  const auto verdict = explain(evaluator, "DELETE", "https://api.stripe.com/v1/charges/ch_1");
  CHECK(verdict.message == "policy \"payments\" denies DELETE https://api.stripe.com/v1/charges/ch_1");
  CHECK(verdict.hint.contains("rule 3 of policy \"payments\""));
  CHECK(verdict.hint.contains("runagents policies explain DELETE https://api.stripe.com/v1/charges/ch_1"));
  CHECK(verdict.decision.rule == 3);
}

TEST_CASE("a refusal by default says that no rule allows the call") {
  const Evaluator evaluator(sample::payments());
  const auto verdict = explain(evaluator, "GET", "https://www.googleapis.com/drive/v3/files?q=secret");
  CHECK(verdict.code == RefusalCode::policy_denied);
  CHECK(verdict.message == "no rule allows GET https://www.googleapis.com/drive/v3/files");
  CHECK(verdict.hint.contains("runagents policies explain GET https://www.googleapis.com/drive/v3/files"));
}

TEST_CASE("without any policy the refusal says what to add") {
  const Evaluator evaluator(sample::project({sample::tool("api", "https://api.example/")}, {}));
  const auto verdict = explain(evaluator, "GET", "https://api.example/");
  CHECK(verdict.message.contains("no policy applies to agent \"bot\""));
  CHECK(verdict.hint.contains("[policies.NAME]"));
}

TEST_CASE("a refusal by capability shows the nearest declared ones") {
  const Evaluator evaluator(sample::payments());
  const auto verdict = explain(evaluator, "GET", "https://api.stripe.com/v1/charges/ch_1/refunds");
  CHECK(verdict.message == "GET https://api.stripe.com/v1/charges/ch_1/refunds is not an operation of tool \"stripe\"");
  CHECK(verdict.hint ==
        "declared: charges.get (GET /v1/charges/{id}), charges.list (GET /v1/charges), "
        "charges.create (POST /v1/charges) and 1 more");
}

TEST_CASE("an unregistered target is answered with the tools of the same host, or with all") {
  const Evaluator evaluator(sample::payments());
  CHECK(explain(evaluator, "GET", "https://www.googleapis.com/gmail").hint ==
        "registered: drive (https://www.googleapis.com/drive/v3)");
  CHECK(explain(evaluator, "GET", "https://evil.example/").hint ==
        "registered: stripe (https://api.stripe.com), drive (https://www.googleapis.com/drive/v3)");
}

TEST_CASE("no message holds a query, since a query may hold a secret") {
  const Evaluator evaluator(sample::payments());
  for (const auto url : {"https://api.stripe.com/v1/charges?key=hunter2"sv, "https://api.stripe.com/x?key=hunter2"sv,
                         "https://evil.example/?key=hunter2"sv, "https://www.googleapis.com/drive/v3?key=hunter2"sv,
                         "https://api.stripe.com/a%2Fb?key=hunter2"sv, "https://127.1/?key=hunter2"sv}) {
    for (const auto method : {"GET"sv, "POST"sv, "DELETE"sv}) {
      const auto verdict = explain(evaluator, method, url);
      CHECK_FALSE(verdict.message.contains("hunter2"));
      CHECK_FALSE(verdict.hint.contains("hunter2"));
      for (const auto& line : verdict.considered) CHECK_FALSE(line.contains("hunter2"));
    }
  }
}

TEST_CASE("a built-in tool is named as in the file") {
  auto project = sample::project({sample::tool("echo", "https://echo.example")},
                                 {sample::policy("p", {{.permission = Permission::allow, .operations = {"GET"}}})});
  project.tools.front().base_url = {"builtin", "echo", 0, {}};
  const Evaluator evaluator(std::move(project));
  CHECK_FALSE(explain(evaluator, "GET", "builtin://echo/anything").code.has_value());
  CHECK(explain(evaluator, "DELETE", "builtin://echo/anything").code == RefusalCode::policy_denied);
  CHECK(explain(evaluator, "GET", "builtin://other/").code == RefusalCode::tool_not_registered);
  CHECK(explain(evaluator, "GET", "http://echo/anything").code == RefusalCode::tool_not_registered);
}

TEST_CASE("a command in a hint is safe to paste, whatever the agent asked for") {
  const Evaluator evaluator(sample::payments());
  CHECK(explain(evaluator, "DELETE", "https://api.stripe.com/$(reboot);x`id`&y")
            .hint.contains("explain DELETE 'https://api.stripe.com/$(reboot);x`id`&y'"));
  CHECK(explain(evaluator, "DELETE", "https://api.stripe.com/a'b;c")
            .hint.contains(R"(explain DELETE 'https://api.stripe.com/a'\''b;c')"));
  CHECK(
      explain(evaluator, "X`ID`", "https://api.stripe.com/").hint.contains("explain 'X`ID`' https://api.stripe.com/"));
}

TEST_CASE("every rule that could concern the call is shown with its outcome") {
  const Evaluator evaluator(sample::payments());
  const auto verdict = explain(evaluator, "DELETE", "https://api.stripe.com/v1/charges/ch_1");
  REQUIRE(verdict.considered.size() == 3);
  CHECK(verdict.considered[0] ==
        "payments#1  allow  tool stripe, operations GET: operations GET does not include DELETE");
  CHECK(verdict.considered[1] ==
        "payments#2  approval_required  operations POST, tags financial: operations POST does not include DELETE");
  CHECK(verdict.considered[2] == "payments#3  deny  resource https://api.stripe.com/*, operations DELETE: matched");
  const auto other = explain(evaluator, "DELETE", "https://www.googleapis.com/drive/v3/files");
  REQUIRE(other.considered.size() == 1);
  CHECK(other.considered[0].starts_with("payments#2"));
}

TEST_CASE("the outcome of a rule names the selector that failed") {
  using runagents::model::Condition;
  const std::vector<std::string> finance = {"finance"};
  const Evaluator evaluator(sample::project(
      {sample::tool("api", "https://api.example/")},
      {sample::policy("p", {{.permission = Permission::allow, .resource = "https://api.example/v1/*"},
                            {.permission = Permission::allow, .tags = {"risky"}},
                            {.permission = Permission::allow, .users = {"alice"}},
                            {.permission = Permission::allow, .groups = {"sales"}},
                            {.permission = Permission::deny, .groups = {"sales"}},
                            {.permission = Permission::allow,
                             .when = Condition{.hours = Condition::Hours{0, 60}, .days = 0b0100001}}})}));
  const auto known =
      runagents::policy::explain(evaluator, "GET", "https://api.example/x", EndUser{"bob", finance}, noon);
  REQUIRE(known.considered.size() == 6);
  CHECK(known.considered[0].ends_with(": resource does not match /x"));
  CHECK(known.considered[1].ends_with(": neither the tool nor the capability has the tag risky"));
  CHECK(known.considered[2].ends_with(": users alice does not include the end user"));
  CHECK(known.considered[3].ends_with(": groups sales: the end user is in none of them"));
  CHECK(known.considered[5] == "p#6  allow  when mon sat 00:00-01:00 UTC: not in force at this time");
  const auto unknown = runagents::policy::explain(evaluator, "GET", "https://api.example/x", EndUser{"bob", {}}, noon);
  CHECK(unknown.considered[3].ends_with(": the groups of the end user are not known"));
  CHECK(unknown.considered[4].ends_with(": matched, since the groups of the end user are not known"));
  const auto nobody = explain(evaluator, "GET", "https://api.example/x");
  CHECK(nobody.considered[2].ends_with(": there is no end user"));
  CHECK(nobody.considered[4].ends_with(": there is no end user"));
}

TEST_CASE("rules of policies that are not bound to the agent are not considered") {
  auto source = sample::payments();
  source.policies.front().subjects = {"agent:other"};
  const Evaluator evaluator(std::move(source));
  CHECK(explain(evaluator, "GET", "https://api.stripe.com/v1/charges").considered.empty());
}
