#include "server/routes/router.hpp"

#include <doctest/doctest.h>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using runagents::ErrorCode;
using runagents::fail;
using runagents::Result;
using runagents::api::Request;
using runagents::server::Access;
using runagents::server::Incoming;
using runagents::server::Outgoing;
using runagents::server::Principal;
using runagents::server::Router;

Router sample() {
  Router router;
  router.add("GET", "/things/{}", Access::user,
             [](const Incoming& in) -> Result<Outgoing> { return Outgoing{200, in.parameter(0)}; });
  router.add("GET", "/things/all", Access::user,
             [](const Incoming&) -> Result<Outgoing> { return Outgoing{200, "literal"}; });
  router.add("POST", "/things/{}/parts/{}", Access::user, [](const Incoming& in) -> Result<Outgoing> {
    return Outgoing{201, in.parameter(0) + "|" + in.parameter(1) + "|" + in.query("q")};
  });
  router.add("GET", "/number", Access::user, [](const Incoming& in) -> Result<Outgoing> {
    const auto number = in.number("n", 5, 10);
    if (!number) return std::unexpected(number.error());
    return Outgoing{200, std::to_string(*number)};
  });
  router.add("GET", "/throw", Access::user,
             [](const Incoming&) -> Result<Outgoing> { throw std::runtime_error{"c4n4ry"}; });
  router.add("GET", "/fail", Access::user,
             [](const Incoming&) -> Result<Outgoing> { return fail(ErrorCode::conflict, "taken", "pick another"); });
  return router;
}

runagents::api::Response answer(const Router& router, const Request& request) {
  return router.answer(request, [](const Request&) -> Result<Principal> { return Principal{}; });
}

}  // namespace

TEST_CASE("requests find their routes") {
  const Router router = sample();
  CHECK(answer(router, {"GET", "/things/a%2Fb", ""}).body == "a/b");
  CHECK(answer(router, {"GET", "/things/all", ""}).body == "literal");
  const auto created = answer(router, {"POST", "/things/1/parts/2?x=y&q=a%26b", ""});
  CHECK(created.status == 201);
  CHECK(created.body == "1|2|a&b");
  const auto other = answer(router, {"DELETE", "/things/1", ""});
  CHECK(other.status == 405);
  CHECK(runagents::api::field(other.fields, "allow") == "GET, HEAD");
  CHECK(answer(router, {"GET", "/things", ""}).status == 404);
  CHECK(answer(router, {"GET", "/things/1/2", ""}).status == 404);
}

TEST_CASE("malformed requests are refused") {
  const Router router = sample();
  for (const auto* target :
       {"/things/%zz", "/things/%4", "/number?n=x", "/number?n=11", "/number?n=-1", "/number?n=1&n=2", "/number?%=1"}) {
    CAPTURE(target);
    CHECK(answer(router, {"GET", target, ""}).status == 400);
  }
  CHECK(answer(router, {"GET", "/number", ""}).body == "5");
  CHECK(answer(router, {"GET", "/number?n=10", ""}).body == "10");
}

TEST_CASE("errors have one shape, and exceptions tell nothing") {
  const Router router = sample();
  const auto failed = answer(router, {"GET", "/fail", ""});
  CHECK(failed.status == 409);
  const auto body = nlohmann::json::parse(failed.body);
  CHECK(body["error"] == "taken");
  CHECK(body["code"] == "conflict");
  CHECK(body["detail"] == "taken");
  CHECK(body["hint"] == "pick another");
  CHECK(body["request_id"].get<std::string>().size() == 36);
  const auto thrown = answer(router, {"GET", "/throw", ""});
  CHECK(thrown.status == 500);
  CHECK(thrown.body.find("c4n4ry") == std::string::npos);
}

TEST_CASE("the routes of the API answer with their statuses") {
  const runagents::tests::TemporaryDirectory directory;
  runagents::tests::Plane plane{directory.path()};
  const auto status = [&](const Request& request) { return plane.transport().send(request)->status; };
  CHECK(status({"POST", "/runs", R"({"id":"01JRUN","agent_id":"a"})"}) == 201);
  CHECK(status({"POST", "/runs", R"({"id":"01JRUN","agent_id":"a"})"}) == 409);
  CHECK(status({"POST", "/runs", "x"}) == 400);
  CHECK(status({"GET", "/runs/01JRUN", ""}) == 200);
  CHECK(status({"PATCH", "/runs/01JRUN", "{}"}) == 400);
  CHECK(status({"GET", "/runs?status=NONSENSE", ""}) == 400);
  CHECK(status({"GET", "/approvals/requests?status=NONSENSE", ""}) == 400);
  CHECK(status({"POST", "/runs/01JRUN/events", R"({"events":1})"}) == 400);
  const std::string body = runagents::tests::wire_request("01JRUN");
  CHECK(status({"POST", "/approvals/requests", body}) == 201);
  CHECK(status({"POST", "/approvals/requests", body}) == 200);
  CHECK(status({"POST", "/approvals/grants/use", "{}"}) == 200);
  CHECK(status({"DELETE", "/approvals/grants/00000000", ""}) == 404);
  CHECK(status({"PUT", "/runs/01JRUN", "{}"}) == 405);
}

TEST_CASE("routes are for those whose credential permits them") {
  Router router;
  for (const auto& [path, access] : {std::pair{"/anybody", Access::anybody}, std::pair{"/agents", Access::any_agent},
                                     std::pair{"/user", Access::user}, std::pair{"/developer", Access::developer},
                                     std::pair{"/admin", Access::admin}, std::pair{"/local", Access::local}}) {
    router.add("GET", path, access, [](const Incoming&) -> Result<Outgoing> { return Outgoing{}; });
  }
  const auto reached = [&](const Principal& principal) {
    std::string paths;
    for (const auto* path : {"/anybody", "/agents", "/user", "/developer", "/admin", "/local"}) {
      const auto answered =
          router.answer({"GET", path, ""}, [&](const Request&) -> Result<Principal> { return principal; });
      CHECK((answered.status == 200 || answered.status == 403));
      if (answered.status == 200) (paths += path[1]) += path[2];
    }
    return paths;
  };
  using runagents::server::Role;
  CHECK(reached({.kind = Principal::Kind::local, .role = Role::admin}) == "anagusdeadlo");
  CHECK(reached({.role = Role::admin}) == "anagusdead");
  CHECK(reached({.role = Role::developer}) == "anagusde");
  CHECK(reached({.role = Role::user}) == "anagus");
  CHECK(reached({.kind = Principal::Kind::account, .role = Role::admin}) == "anag");
  CHECK(reached({.kind = Principal::Kind::delegated, .role = Role::admin}) == "anag");

  const auto refuse = [](const Request&) -> Result<Principal> {
    return fail(ErrorCode::unauthenticated, "the token has expired", {}, "invalid_token");
  };
  CHECK(router.answer({"GET", "/anybody", ""}, refuse).status == 200);
  const auto refused = router.answer({"GET", "/agents", ""}, refuse);
  CHECK(refused.status == 401);
  CHECK(runagents::api::field(refused.fields, "www-authenticate") ==
        R"(Bearer realm="runagents", error="invalid_token")");
}
