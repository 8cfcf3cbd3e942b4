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
using runagents::server::Incoming;
using runagents::server::Outgoing;
using runagents::server::Router;

Router sample() {
  Router router;
  router.add("GET", "/things/{}",
             [](const Incoming& in) -> Result<Outgoing> { return Outgoing{200, in.parameter(0)}; });
  router.add("GET", "/things/all", [](const Incoming&) -> Result<Outgoing> { return Outgoing{200, "literal"}; });
  router.add("POST", "/things/{}/parts/{}", [](const Incoming& in) -> Result<Outgoing> {
    return Outgoing{201, in.parameter(0) + "|" + in.parameter(1) + "|" + in.query("q")};
  });
  router.add("GET", "/number", [](const Incoming& in) -> Result<Outgoing> {
    const auto number = in.number("n", 5, 10);
    if (!number) return std::unexpected(number.error());
    return Outgoing{200, std::to_string(*number)};
  });
  router.add("GET", "/throw", [](const Incoming&) -> Result<Outgoing> { throw std::runtime_error{"c4n4ry"}; });
  router.add("GET", "/fail",
             [](const Incoming&) -> Result<Outgoing> { return fail(ErrorCode::conflict, "taken", "pick another"); });
  return router;
}

}  // namespace

TEST_CASE("requests find their routes") {
  const Router router = sample();
  CHECK(router.answer({"GET", "/things/a%2Fb", ""}).body == "a/b");
  CHECK(router.answer({"GET", "/things/all", ""}).body == "literal");
  const auto created = router.answer({"POST", "/things/1/parts/2?x=y&q=a%26b", ""});
  CHECK(created.status == 201);
  CHECK(created.body == "1|2|a&b");
  CHECK(router.answer({"DELETE", "/things/1", ""}).status == 404);
  CHECK(router.answer({"GET", "/things", ""}).status == 404);
  CHECK(router.answer({"GET", "/things/1/2", ""}).status == 404);
}

TEST_CASE("malformed requests are refused") {
  const Router router = sample();
  for (const auto* target :
       {"/things/%zz", "/things/%4", "/number?n=x", "/number?n=11", "/number?n=-1", "/number?n=1&n=2", "/number?%=1"}) {
    CAPTURE(target);
    CHECK(router.answer({"GET", target, ""}).status == 400);
  }
  CHECK(router.answer({"GET", "/number", ""}).body == "5");
  CHECK(router.answer({"GET", "/number?n=10", ""}).body == "10");
}

TEST_CASE("errors have one shape, and exceptions tell nothing") {
  const Router router = sample();
  const auto failed = router.answer({"GET", "/fail", ""});
  CHECK(failed.status == 409);
  const auto body = nlohmann::json::parse(failed.body);
  CHECK(body["error"] == "taken");
  CHECK(body["code"] == "conflict");
  CHECK(body["detail"] == "pick another");
  CHECK(body["request_id"].get<std::string>().size() == 36);
  const auto thrown = router.answer({"GET", "/throw", ""});
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
  CHECK(status({"PUT", "/runs/01JRUN", "{}"}) == 404);
}
