#include <atomic>
#include <chrono>
#include <doctest/doctest.h>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/oauth/authorization_codes.hpp"
#include "server/oauth/device_codes.hpp"
#include "server/oauth/logins.hpp"
#include "server/plane.hpp"
#include "server/service/api_keys.hpp"
#include "server/service/users.hpp"
#include "tests/unit/store_location.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using namespace runagents;
using server::AuthorizationCodes;
using server::AuthorizationGrant;
using server::DeviceCodes;
using server::DevicePoll;
using server::Login;
using server::Logins;

constexpr std::string_view verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636, appendix B
constexpr const char* challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
constexpr const char* redirect = "http://127.0.0.1:5/callback";
constexpr int threads = 8;

/// A store with a user who has an API key.
struct Store {
  Store() : database{open()} {
    server::Users users{database};
    model::User alice;
    alice.email = "alice@example.com";
    const auto user = users.create({.principal = owner}, alice);
    server::ApiKeys keys{database};
    const auto key = keys.create({.principal = owner}, {.name = "laptop", .user = user->id});
    login.client_id = "program";
    login.user_id = user->id;
    login.api_key_id = key->key.id;
  }

  [[nodiscard]] store::Database open() const {
    auto opened = server::Plane::open_database(
        {.data_directory = directory.path(), .database = tests::store_location(directory.path()), .issuer = {}});
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  [[nodiscard]] AuthorizationGrant grant() const {
    return {.login = login, .redirect_uri = redirect, .code_challenge = challenge};
  }

  /// How many of several threads, each with a connection of its own, `once` says true to.
  template <class Once>
  int winners(Once once) {
    std::atomic<int> count = 0;
    std::vector<std::jthread> all;
    for (int i = 0; i < threads; ++i) {
      all.emplace_back([&] {
        auto own = open();
        if (once(own)) ++count;
      });
    }
    all.clear();
    return count;
  }

  tests::TemporaryDirectory directory;
  server::Principal owner{.kind = server::Principal::Kind::local, .role = server::Role::admin};
  store::Database database;
  Login login;
};

}  // namespace

TEST_CASE("a code is redeemed by whom it was given to, with the verifier of its challenge, once") {
  Store store;
  AuthorizationCodes codes{store.database};
  const auto code = codes.issue(store.grant());
  REQUIRE(code.has_value());
  const auto redeem = [&](std::string_view client, std::string_view uri, std::string_view proof) {
    const auto begun = codes.redeem(code->reveal(), client, uri, proof);
    REQUIRE(begun.has_value());
    return begun->has_value();
  };
  CHECK_FALSE(redeem("another", redirect, verifier));
  CHECK_FALSE(redeem("program", "http://127.0.0.1:6/callback", verifier));
  CHECK_FALSE(redeem("program", redirect, challenge));
  CHECK_FALSE(codes.redeem("ac_unknown", "program", redirect, verifier)->has_value());
  CHECK(redeem("program", redirect, verifier));
  CHECK_FALSE(redeem("program", redirect, verifier));
}

TEST_CASE("of many who redeem one code one gets the login, and it ends") {
  Store store;
  AuthorizationCodes codes{store.database};
  const auto code = codes.issue(store.grant());
  std::string token;
  std::mutex mutex;
  const int winners = store.winners([&](store::Database& own) {
    const auto begun = AuthorizationCodes{own}.redeem(code->reveal(), "program", redirect, verifier);
    if (!begun || !*begun) return false;
    const std::scoped_lock lock{mutex};
    token = (*begun)->refresh_token.reveal();
    return true;
  });
  CHECK(winners == 1);
  CHECK_FALSE(Logins{store.database}.find(token)->has_value());
}

TEST_CASE("of many who use one refresh token at most one gets the next, and the login is over") {
  Store store;
  Logins logins{store.database};
  const auto first = logins.begin(store.login);
  REQUIRE(first.has_value());
  CHECK(logins.find_live(store.login.family)->has_value());
  const int winners = store.winners([&](store::Database& own) {
    const auto next = Logins{own}.refresh(first->reveal(), "program");
    return next && next->has_value();
  });
  CHECK(winners == 1);
  CHECK_FALSE(logins.find_live(store.login.family)->has_value());
}

TEST_CASE("a login knows what it is for through all its refresh tokens") {
  Store store;
  Logins logins{store.database};
  store.login.role = server::Role::developer;
  store.login.server_ids = {"one", "two"};
  auto token = logins.begin(store.login);
  for (int i = 0; i < 3; ++i) {
    const auto found = logins.find(token->reveal());
    REQUIRE(found->has_value());
    CHECK((*found)->family == store.login.family);
    CHECK((*found)->role == server::Role::developer);
    CHECK((*found)->server_ids == store.login.server_ids);
    CHECK((*found)->api_key_id == store.login.api_key_id);
    auto next = logins.refresh(token->reveal(), "program");
    REQUIRE(next->has_value());
    token = std::move(**next);
  }
  CHECK_FALSE((*logins.refresh(token->reveal(), "another")).has_value());
  CHECK(logins.find(token->reveal())->has_value());
}

TEST_CASE("a login is live for as long as the key that it was made with") {
  Store store;
  Logins logins{store.database};
  REQUIRE(logins.begin(store.login).has_value());
  server::ApiKeys keys{store.database};
  REQUIRE(keys.revoke({.principal = store.owner}, store.login.api_key_id).has_value());
  CHECK_FALSE(logins.find_live(store.login.family)->has_value());
  CHECK_FALSE(logins.find_live("unknown")->has_value());
}

TEST_CASE("a device that was allowed gets it once, whoever asks at the same time") {
  Store store;
  DeviceCodes devices{store.database};
  const auto begun = devices.begin("program", {"https://one"});
  REQUIRE(begun.has_value());
  CHECK(devices.poll(begun->device_code.reveal(), "program")->state == DevicePoll::pending);
  CHECK(devices.poll(begun->device_code.reveal(), "program")->state == DevicePoll::too_fast);
  CHECK(devices.poll(begun->device_code.reveal(), "another")->state == DevicePoll::not_known);
  REQUIRE(devices.find(begun->user_code)->has_value());
  const int deciders = store.winners([&](store::Database& own) {
    const auto decided = DeviceCodes{own}.decide(begun->user_code, true, store.login);
    return decided && *decided;
  });
  CHECK(deciders == 1);
  CHECK_FALSE(devices.find(begun->user_code)->has_value());
  const int winners = store.winners([&](store::Database& own) {
    const auto polled = DeviceCodes{own}.poll(begun->device_code.reveal(), "program");
    return polled && polled->state == DevicePoll::approved && polled->login.user_id == store.login.user_id &&
           polled->login.api_key_id == store.login.api_key_id &&
           polled->resources == std::vector<std::string>{"https://one"};
  });
  CHECK(winners == 1);
  CHECK(devices.poll(begun->device_code.reveal(), "program")->state == DevicePoll::not_known);
}
