#include "core/api/grant_sharing.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/core/api/scripted_transport.hpp"

using namespace runagents;
using namespace runagents::api;
using runagents::tests::ScriptedTransport;

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* me = R"({"id":"u1"})";
constexpr const char* personal =
    R"({"id":"g1","grantor_user_id":"u1","server_id":"s1","shared":false,"is_active":true})";
constexpr const char* shared = R"({"id":"g1","grantor_user_id":"u1","server_id":"s1","shared":true,"is_active":true})";

std::string list_of(const std::string& grants) { return "[" + grants + "]"; }

struct Sharing {
  ScriptedTransport plane;
  Client client{plane};
  GrantSharing grants{client, {"a1", "s1"}};

  [[nodiscard]] long toggles() const {
    return std::ranges::count_if(plane.requests, [](const Request& one) { return one.target.ends_with("/toggle"); });
  }
  void offers_no_patch() { plane.answer(405, R"({"detail":"Method Not Allowed"})"); }
  void shows(const char* grant) { plane.answer(200, me).answer(200, list_of(grant)); }
};

}  // namespace

TEST_CASE("a grant that is as it should be is left alone") {
  Sharing test;
  CHECK(test.grants.set(Json::parse(shared), true).has_value());
  CHECK(test.plane.requests.empty());
}

TEST_CASE("where there is an absolute way it is taken") {
  Sharing test;
  test.plane.answer(200, shared);
  CHECK(is_set(*test.grants.set(Json::parse(personal), true), "shared"));
  CHECK(test.plane.asked() == "PATCH /session-grants/g1");
  CHECK(test.plane.requests[0].body == R"({"shared":true})");
}

TEST_CASE("on a server that only toggles, it toggles once") {
  Sharing test;
  test.offers_no_patch();
  test.shows(personal);
  test.plane.answer(200, shared);
  CHECK(is_set(*test.grants.set(Json::parse(personal), true), "shared"));
  CHECK(test.toggles() == 1);
  CHECK(test.plane.requests.back().at_most_once);
}

TEST_CASE("somebody who was faster has done it already") {
  Sharing test;
  test.offers_no_patch();
  test.shows(shared);
  CHECK(is_set(*test.grants.set(Json::parse(personal), true), "shared"));
  CHECK(test.toggles() == 0);
}

TEST_CASE("an answer that says the opposite is a conflict, and nothing is sent again") {
  Sharing test;
  test.offers_no_patch();
  test.shows(personal);
  test.plane.answer(200, personal);
  CHECK(test.grants.set(Json::parse(personal), true).error().code == ErrorCode::conflict);
  CHECK(test.toggles() == 1);
}

TEST_CASE("after a lost answer the grant is read, not toggled again") {
  Sharing test;
  test.offers_no_patch();
  test.shows(personal);
  test.plane.lose();
  SUBCASE("the server had done it") {
    test.shows(shared);
    CHECK(is_set(*test.grants.set(Json::parse(personal), true), "shared"));
  }
  SUBCASE("the server had not done it") {
    test.shows(personal);
    CHECK(test.grants.set(Json::parse(personal), true).error().code == ErrorCode::unavailable);
  }
  CHECK(test.toggles() == 1);
}

TEST_CASE("a refusal is not taken for a server that lacks PATCH") {
  Sharing test;
  test.plane.answer(403, R"({"detail":"not your grant"})");
  CHECK(test.grants.set(Json::parse(personal), true).error().code == ErrorCode::forbidden);
  CHECK(test.plane.requests.size() == 1);
}

TEST_CASE("one's own grant is found among the shared ones of others and those of other servers") {
  Sharing test;
  test.plane.answer(200, me).answer(
      200, R"({"data":[{"id":"g0","grantor_user_id":"u2","server_id":"s1","shared":true,"is_active":true},)"
           R"({"id":"g2","grantor_user_id":"u1","server_id":"s2","shared":false,"is_active":true},)"
           R"({"id":"g3","grantor_user_id":"u1","server_id":"s1","shared":false,"is_active":false},)" +
               std::string{personal} + "]}");
  CHECK(text_of(*test.grants.own(), "id") == "g1");
  test.plane.answer(200, me).answer(200, "[]");
  CHECK(test.grants.own().error().code == ErrorCode::not_found);
}
