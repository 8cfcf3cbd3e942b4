#include "server/idempotency.hpp"

#include <doctest/doctest.h>
#include <soci/soci.h>
#include <stdexcept>

#include "tests/unit/store_location.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::server {
namespace {

struct Fixture {
  tests::TemporaryDirectory directory;
  store::Database database = [&] {
    auto opened = store::Database::open(tests::store_location(directory.path()));
    REQUIRE(opened);
    return std::move(*opened);
  }();
  StoreKey key{directory.path()};
  Idempotency idempotency{database, key};
  int times = 0;

  api::Response post(const std::function<api::Response()>& work, const std::string& body = "{}") {
    Principal principal;
    principal.user.emplace().id = "u";
    return idempotency.answer(principal, {"POST", "/users", body, {{"idempotency-key", "k"}}}, [&] {
      ++times;
      return work();
    });
  }
  long long rows(const std::string& condition = "1 = 1") {
    const auto counted = database.read([&](soci::session& session) -> Result<long long> {
      long long count = 0;
      session << "SELECT COUNT(*) FROM idempotent_answers WHERE " + condition, soci::into(count);
      return count;
    });
    REQUIRE(counted);
    return *counted;
  }
  void age(std::chrono::minutes by) {
    const auto done = database.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
      session << "UPDATE idempotent_answers SET created_at = created_at - " +
                     std::to_string(std::chrono::milliseconds{by}.count());
      return {};
    });
    REQUIRE(done);
  }
};

api::Response created() { return {201, std::string{"\xff\0{}", 4}, {{"cache-control", "no-store"}}}; }

TEST_CASE("an answer comes again byte by byte") {
  Fixture fixture;
  CHECK(fixture.post(created).status == 201);
  const auto again = fixture.post(created);
  CHECK(again.status == 201);
  CHECK(again.body == created().body);
  CHECK(api::field(again.fields, "cache-control") == "no-store");
  CHECK(api::field(again.fields, "idempotency-replayed") == "true");
  CHECK(fixture.times == 1);
}

TEST_CASE("what failed for reasons of the server may be tried again") {
  Fixture fixture;
  for (const int status : {500, 502, 503}) {
    CHECK(fixture.post([&] { return api::Response{status, R"({"code":"unavailable"})"}; }).status == status);
    CHECK(fixture.rows() == 0);
  }
  CHECK(fixture.post(created).status == 201);
  CHECK(fixture.times == 4);
}

TEST_CASE("what may have been done is not tried again") {
  Fixture fixture;
  SUBCASE("the database went away while it was writing") {
    CHECK(fixture.post([] { return api::Response{503, R"({"code":"outcome_unknown"})"}; }).status == 503);
  }
  SUBCASE("the process went away") {
    CHECK_THROWS(fixture.post([]() -> api::Response { throw std::runtime_error{"gone"}; }));
  }
  SUBCASE("it is under way") {
    fixture.post([&] {
      CHECK(fixture.post(created).status == 409);
      return api::Response{503, R"({"code":"outcome_unknown"})"};
    });
  }
  const auto refused = fixture.post(created);
  CHECK(refused.status == 409);
  CHECK(refused.body.contains("idempotency_key_in_use"));
  CHECK(fixture.post(created, "[]").status == 422);
  CHECK(fixture.times == 1);
}

TEST_CASE("a key counts for a day") {
  Fixture fixture;
  CHECK(fixture.post(created).status == 201);
  fixture.age(std::chrono::hours{23} + std::chrono::minutes{59});
  fixture.post(created);
  CHECK(fixture.times == 1);
  fixture.age(std::chrono::minutes{1});
  fixture.post(created, "[]");
  CHECK(fixture.times == 2);
  CHECK(fixture.rows() == 1);
}

TEST_CASE("the store has neither answers nor requests in the clear") {
  Fixture fixture;
  fixture.post([] { return api::Response{201, R"({"client_secret":"c4n4ry"})"}; }, R"({"secret":"c4n4ry"})");
  CHECK(fixture.rows("sealed LIKE '%c4n4ry%' OR request_digest LIKE '%c4n4ry%'") == 0);
  CHECK(fixture.rows("length(sealed) > 40 AND length(request_digest) > 64") == 1);
}

}  // namespace
}  // namespace runagents::server
