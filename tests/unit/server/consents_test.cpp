#include <doctest/doctest.h>

#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using std::chrono::milliseconds;
using tests::Plane;
using tests::TemporaryDirectory;

namespace {

model::Consent sample(const std::string& user = "ada@example.org") {
  model::Consent consent;
  consent.place = {.end_user = user, .tool = "drive", .client = "c0ffee"};
  consent.client_id = "client";
  consent.scopes = {"a"};
  consent.requested_scopes = {"a", "b"};
  consent.sealed = "sealed-1";
  return consent;
}

}  // namespace

TEST_CASE("a consent is found at its place only") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto put = plane->put_consent(sample());
  REQUIRE(put.has_value());
  CHECK(put->version == 1);
  CHECK_FALSE(put->id.empty());
  const auto found = plane->find_consent(sample().place);
  REQUIRE((found && *found));
  CHECK((*found)->sealed == "sealed-1");
  CHECK((*found)->requested_scopes == std::vector<std::string>{"a", "b"});
  for (auto member : {&model::ConsentPlace::end_user, &model::ConsentPlace::tool, &model::ConsentPlace::client}) {
    auto place = sample().place;
    (place.*member) += "x";
    const auto other = plane->find_consent(place);
    REQUIRE(other.has_value());
    CHECK_FALSE(other->has_value());
  }
}

TEST_CASE("a listing holds no tokens and can be narrowed") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (const auto* user : {"ada@example.org", "grace@example.org", ""})
    REQUIRE(plane->put_consent(sample(user)).has_value());
  const auto all = plane->list_consents({});
  REQUIRE(all.has_value());
  CHECK(all->size() == 3);
  for (const auto& one : *all) CHECK(one.sealed.empty());
  CHECK(plane->list_consents({.tool = {}, .end_user = "ada@example.org"})->size() == 1);
  CHECK(plane->list_consents({.tool = {}, .end_user = ""})->size() == 1);
  CHECK(plane->list_consents({.tool = "mail", .end_user = {}})->empty());
  const auto answer = plane.transport().send({.method = "GET", .target = "/consents", .body = {}});
  REQUIRE(answer.has_value());
  CHECK(answer->body.find("sealed") == std::string::npos);
}

TEST_CASE("whoever has read an older version changes nothing") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto first = plane->put_consent(sample());
  REQUIRE(first.has_value());
  CHECK(plane->put_consent(sample()).error().code == ErrorCode::conflict);
  auto second = *first;
  second.sealed = "sealed-2";
  second.status = model::ConsentStatus::lost;
  const auto stored = plane->put_consent(second);
  REQUIRE(stored.has_value());
  CHECK(stored->version == 2);
  CHECK(stored->created_at == first->created_at);
  CHECK(plane->put_consent(second).error().code == ErrorCode::conflict);
  CHECK((*plane->find_consent(sample().place))->status == model::ConsentStatus::lost);
}

TEST_CASE("a consent that was deleted does not come back by a change of it") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto put = plane->put_consent(sample());
  REQUIRE(put.has_value());
  const auto deleted = plane->delete_consent(put->id.substr(0, 8));
  REQUIRE(deleted.has_value());
  CHECK(deleted->sealed == "sealed-1");
  CHECK(plane->put_consent(*put).error().code == ErrorCode::conflict);
  CHECK_FALSE(plane->find_consent(sample().place)->has_value());
  CHECK(plane->delete_consent(put->id).error().code == ErrorCode::not_found);
  // And one that was given anew is not changed by what was known of the one before.
  REQUIRE(plane->put_consent(sample()).has_value());
  CHECK(plane->put_consent(*put).error().code == ErrorCode::conflict);
}

TEST_CASE("one holder at a time has the lease") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  Plane other{directory.path()};
  const auto put = plane->put_consent(sample());
  REQUIRE(put.has_value());
  REQUIRE(plane->lease_consent(put->id, "a", milliseconds{60'000}).has_value());
  CHECK(other->lease_consent(put->id, "b", milliseconds{60'000}).error().code == ErrorCode::conflict);
  CHECK(plane->lease_consent(put->id, "a", milliseconds{60'000}).has_value());
  SUBCASE("until it is given back") {
    REQUIRE(other->release_consent(put->id, "b").has_value());
    CHECK(other->lease_consent(put->id, "b", milliseconds{1}).error().code == ErrorCode::conflict);
    REQUIRE(plane->release_consent(put->id, "a").has_value());
    CHECK(other->lease_consent(put->id, "b", milliseconds{1}).has_value());
  }
  SUBCASE("until something new is stored") {
    REQUIRE(plane->put_consent(*put).has_value());
    const auto leased = other->lease_consent(put->id, "b", milliseconds{60'000});
    REQUIRE(leased.has_value());
    CHECK(leased->version == 2);
  }
  SUBCASE("and no longer than five minutes") {
    CHECK_FALSE(plane->lease_consent(put->id, "a", std::chrono::minutes{6}).has_value());
    CHECK_FALSE(plane->lease_consent(put->id, "", milliseconds{1}).has_value());
    CHECK_FALSE(plane->lease_consent(put->id, "a", milliseconds{0}).has_value());
  }
}

TEST_CASE("a lease that has ended is anybody's") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  const auto put = plane->put_consent(sample());
  REQUIRE(put.has_value());
  REQUIRE(plane->lease_consent(put->id, "dead", milliseconds{1}).has_value());
  Result<model::Consent> leased = fail(ErrorCode::conflict, "");
  while (!leased && leased.error().code == ErrorCode::conflict) {
    leased = plane->lease_consent(put->id, "b", milliseconds{60'000});
  }
  CHECK(leased.has_value());
}

TEST_CASE("consents without a place or without tokens are refused") {
  const TemporaryDirectory directory;
  Plane plane{directory.path()};
  for (auto member : {&model::ConsentPlace::tool, &model::ConsentPlace::client}) {
    auto consent = sample();
    (consent.place.*member).clear();
    CHECK(plane->put_consent(consent).error().code == ErrorCode::usage);
  }
  auto consent = sample();
  consent.sealed.clear();
  CHECK(plane->put_consent(consent).error().code == ErrorCode::usage);
}
