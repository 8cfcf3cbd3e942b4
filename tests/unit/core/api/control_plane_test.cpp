#include "core/api/control_plane.hpp"

#include <chrono>
#include <deque>
#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/approval_json.hpp"
#include "core/api/run_json.hpp"

namespace {

using namespace runagents;

// Answers what it is told to and keeps what it was asked.
class Script final : public api::Transport {
 public:
  explicit Script(Result<api::Response> answer) : answer_{std::move(answer)} {}
  Result<api::Response> send(const api::Request& request) override {
    asked = request;
    return answer_;
  }
  api::Request asked;

 private:
  Result<api::Response> answer_;
};

model::Run sample_run() {
  model::Run run;
  run.id = "01JRUN";
  run.agent = "a";
  run.command = {"x", "y z"};
  run.status = model::RunStatus::failed;
  run.exit_code = -1;
  run.calls = 7;
  run.cancel_requested = true;
  run.created_at = model::now();
  run.finished_at = model::now();
  return run;
}

}  // namespace

TEST_CASE("a run survives being written and read") {
  const auto run = sample_run();
  const auto json = api::to_json(run);
  CHECK(json["agent_id"] == "a");
  CHECK(json["status"] == "FAILED");
  const auto read = api::run_from_json(json);
  REQUIRE(read.has_value());
  CHECK(api::to_json(*read) == json);
}

TEST_CASE("approval requests and grants survive being written and read, under the published names") {
  model::ApprovalRequest request;
  request.id = "1";
  request.run_id = "2";
  request.action = {"agent", "tool", "cap", "POST", "https://x/", "", std::string(64, 'a')};
  request.rule = 3;
  request.approver_groups = {"g"};
  request.default_duration = std::chrono::seconds{5400};
  request.scope = model::Scope::window;
  request.expires_at = model::now();
  const auto json = api::to_json(request);
  for (const auto* name :
       {"id", "subject", "agent_id", "tool_id", "status", "duration", "scope", "approver_id", "reason", "action_id",
        "run_id", "capability", "payload_hash", "tool_method", "tool_url", "created_at", "updated_at", "expires_at"}) {
    CAPTURE(name);
    CHECK(json.contains(name));
  }
  CHECK(json["subject"] == "agent");
  CHECK(json["duration"] == "1h30m");
  CHECK(json["scope"] == "agent_user_ttl");
  CHECK(api::to_json(*api::approval_request_from_json(json)) == json);

  model::ApprovalGrant grant;
  grant.id = "9";
  grant.action = request.action;
  grant.consumed_at = model::now();
  const auto grant_json = api::to_json(grant);
  CHECK(grant_json["revoked_at"].is_null());
  CHECK(api::to_json(*api::approval_grant_from_json(grant_json)) == grant_json);
}

TEST_CASE("members of a wrong type are refused by name") {
  using Json = nlohmann::ordered_json;
  for (const auto* text : {R"({"id":1})", R"({"command":"x"})", R"({"command":[1]})", R"({"status":"running"})",
                           R"({"exit_code":1.5})", R"({"exit_code":99999999999})", R"({"calls":-1})",
                           R"({"created_at":"yesterday"})", R"({"cancel_requested":"no"})", "[]", "1"}) {
    CAPTURE(text);
    const auto run = api::run_from_json(Json::parse(text));
    REQUIRE_FALSE(run.has_value());
    CHECK(run.error().code == ErrorCode::usage);
  }
  CHECK_FALSE(api::run_from_json(Json::parse("{", nullptr, false)).has_value());
}

TEST_CASE("durations are read and written") {
  using namespace std::chrono_literals;
  CHECK(api::duration_of("4h") == 4h);
  CHECK(api::duration_of("90") == 90s);
  CHECK(api::duration_of("1h30m") == 90min);
  CHECK(api::duration_of("2d") == 48h);
  for (const auto* text : {"", "0", "0s", "-1h", "h", "4 h", "4x", "1.5h", "99999999999d", "9223372036854775807h"}) {
    CAPTURE(text);
    CHECK_FALSE(api::duration_of(text).has_value());
  }
  for (const auto seconds : {1s, 59s, 3600s, 14400s, 90061s}) {
    CHECK(api::duration_of(api::duration_text(seconds)) == seconds);
  }
}

TEST_CASE("what a person typed is encoded into the path") {
  Script script{
      api::Response{404, R"({"error":"no","code":"not_found","detail":"no","hint":"try x","request_id":"1"})"}};
  api::ControlPlane plane{script};
  const auto missing = plane.get_run("a/../b?c=%20#");
  CHECK(script.asked.method == "GET");
  CHECK(script.asked.target == "/runs/a%2F..%2Fb%3Fc%3D%2520%23");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message == "no");
  CHECK(missing.error().hint == "try x");
  api::RunFilter filter;
  filter.agent = "a b&c";
  filter.status = model::RunStatus::running;
  CHECK_FALSE(plane.list_runs(filter).has_value());
  CHECK(script.asked.target == "/runs?agent_id=a%20b%26c&limit=50&status=RUNNING");
}

TEST_CASE("the code of an error says more than its status") {
  Script script{api::Response{401, R"({"error":"No credentials available","code":"no_credentials"})"}};
  api::ControlPlane plane{script};
  const auto failed = plane.get_run("x");
  CHECK(failed.error().code == ErrorCode::needs_person);
  CHECK(failed.error().reason == "no_credentials");
}

TEST_CASE("an answer that makes no sense is an error") {
  for (const auto* body : {"", "x", "[]", "1", R"({"runs":1})", R"({"runs":[1]})", R"({"grants":[{"id":1}]})"}) {
    Script script{api::Response{200, body}};
    api::ControlPlane plane{script};
    CAPTURE(body);
    CHECK_FALSE(plane.list_runs({}).has_value());
    CHECK_FALSE(plane.list_grants(true).has_value());
    CHECK_FALSE(plane.use_grant({}, "r").has_value());
    CHECK_FALSE(plane.events("r", {}).has_value());
  }
}

TEST_CASE("no grant and a grant of an unknown scope let nothing pass") {
  Script none{api::Response{200, R"({"grant":null})"}};
  const auto answer = api::ControlPlane{none}.use_grant({}, "r");
  REQUIRE(answer.has_value());
  CHECK_FALSE(answer->has_value());
  Script unknown{api::Response{200, R"({"grant":{"id":"1","scope":"forever"}})"}};
  CHECK_FALSE(api::ControlPlane{unknown}.use_grant({}, "r").has_value());
}

TEST_CASE("errors keep their kind, whether they come from the transport or in an answer") {
  Script down{fail(ErrorCode::unavailable, "nobody answers")};
  CHECK(api::ControlPlane{down}.get_run("r").error().message == "nobody answers");
  for (const auto& [status, code] : {std::pair{409, ErrorCode::conflict},
                                     {404, ErrorCode::not_found},
                                     {401, ErrorCode::unauthenticated},
                                     {503, ErrorCode::unavailable},
                                     {502, ErrorCode::unavailable},
                                     {422, ErrorCode::configuration}}) {
    Script script{api::Response{status, "<html>"}};
    const auto failed = api::ControlPlane{script}.expire("r");
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == code);
    CHECK(failed.error().message.find(std::to_string(status)) != std::string::npos);
  }
}
