#include "core/api/answer.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/api/client.hpp"
#include "tests/unit/core/api/scripted_transport.hpp"

using namespace runagents;
using namespace runagents::api;
using runagents::tests::ScriptedTransport;

namespace {

Error error(int status, const std::string& body) { return error_of({.status = status, .body = body}); }

}  // namespace

TEST_CASE("the published answers are told apart, whoever writes them") {
  struct Case {
    int status;
    const char* body;
    ErrorCode code;
    const char* reason;
  };
  for (const auto& one : {
           Case{401, R"({"error":"invalid_client","detail":"invalid_client"})", ErrorCode::unauthenticated,
                "invalid_client"},
           Case{403, R"({"detail":"invalid_grant: No valid delegation"})", ErrorCode::forbidden, "no_delegation"},
           Case{403, R"({"error":"invalid_grant","error_description":"Delegator user is deactivated"})",
                ErrorCode::forbidden, "user_deactivated"},
           Case{400, R"({"error":"invalid_grant","error_description":"actor_token must be a valid UUID"})",
                ErrorCode::usage, "invalid_grant"},
           Case{401, R"({"detail":"No credentials available for this server"})", ErrorCode::needs_person,
                "no_credentials"},
           Case{401, R"({"detail":"OAuth session expired"})", ErrorCode::needs_person, "oauth_session_expired"},
           Case{401, R"({"error":"x","code":"oauth_session_not_found"})", ErrorCode::needs_person,
                "oauth_session_not_found"},
           Case{403, R"({"detail":"Policy denied"})", ErrorCode::forbidden, "policy_denied"},
           Case{401, R"({"detail":"Not authenticated"})", ErrorCode::unauthenticated, ""},
           Case{400, R"({"error":"authorization_pending"})", ErrorCode::needs_person, "authorization_pending"},
           Case{404, R"({"error":"no run","code":"not_found"})", ErrorCode::not_found, ""},
           Case{405, R"({"detail":"Method Not Allowed"})", ErrorCode::unavailable, "not_offered"},
           Case{429, "", ErrorCode::unavailable, ""},
           Case{502, "<html>", ErrorCode::unavailable, ""},
       }) {
    CAPTURE(one.body);
    const auto found = error(one.status, one.body);
    CHECK(found.code == one.code);
    CHECK(found.reason == one.reason);
    CHECK_FALSE(found.message.empty());
  }
}

TEST_CASE("the findings of a validator are put into words") {
  const auto found = error(422, R"({"detail":[{"loc":["body","name"],"msg":"field required"},{"msg":"too short"}]})");
  CHECK(found.message == "name: field required; too short");
}

TEST_CASE("a list is read however it is wrapped") {
  for (const auto* body : {R"([{"id":"1"}])", R"({"data":[{"id":"1"}],"count":1})", R"({"users":[{"id":"1"}]})"}) {
    ScriptedTransport plane;
    plane.answer(200, body);
    const auto items = Client{plane}.list(Target{"/users"});
    REQUIRE(items.has_value());
    CHECK(items->size() == 1);
  }
  ScriptedTransport plane;
  plane.answer(200, R"({"id":"1"})");
  CHECK(Client{plane}.list(Target{"/users"}).error().code == ErrorCode::unavailable);
}

TEST_CASE("pages are followed by cursor, or by counting where a server counts") {
  ScriptedTransport cursors;
  cursors.answer(200, R"({"users":[{"id":"1"}],"next_cursor":"c1"})").answer(200, R"({"users":[{"id":"2"}]})");
  CHECK(Client{cursors}.list(Target{"/users"})->size() == 2);
  CHECK(cursors.requests[1].target.contains("cursor=c1"));

  std::string full;
  for (int i = 0; i < 100; ++i)
    full += (full.empty() ? "" : ",") + std::string{R"({"id":")"} + std::to_string(i) + "\"}";
  ScriptedTransport counting;
  counting.answer(200, R"({"data":[)" + full + "]}").answer(200, R"({"data":[{"id":"100"}]})");
  CHECK(Client{counting}.list(Target{"/servers"})->size() == 101);
  CHECK(counting.requests[1].target.contains("skip=100"));

  ScriptedTransport deaf;
  deaf.answer(200, R"({"data":[)" + full + "]}").answer(200, R"({"data":[)" + full + "]}");
  CHECK(Client{deaf}.list(Target{"/servers"})->size() == 100);
}

TEST_CASE("a list that a server lacks is told from an empty one") {
  ScriptedTransport plane;
  plane.answer(404, R"({"detail":"Not Found"})");
  const auto found = Client{plane}.list(Target{"/agent-accounts"});
  CHECK(found.error().reason == "not_offered");
  CHECK(found.error().message.contains("/agent-accounts"));
}

TEST_CASE("a form is encoded, and nothing stands in the target") {
  ScriptedTransport plane;
  plane.answer(200, "{}");
  REQUIRE(Client{plane}.post_form(Target{"/oauth/introspect"}, {{"token", "a+b&c"}, {"client_id", "x"}}).has_value());
  CHECK(plane.requests[0].body == "token=a%2Bb%26c&client_id=x");
  CHECK(plane.requests[0].target == "/oauth/introspect");
}
