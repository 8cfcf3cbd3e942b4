#include "server/oauth/token_issuer.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/auth/json_web_signature.hpp"
#include "server/plane.hpp"
#include "tests/unit/store_location.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace {

using namespace runagents;
using namespace std::chrono_literals;
using nlohmann::json;
using server::AccessToken;
using server::SigningKeys;
using server::TokenIssuer;

constexpr const char* issuer_url = "https://runagents.example.com";
constexpr const char* account = "11111111-1111-4111-8111-111111111111";
constexpr const char* user = "22222222-2222-4222-8222-222222222222";

/// One process of a server.
struct Process {
  explicit Process(const tests::TemporaryDirectory& directory, std::string url = issuer_url)
      : database{open(directory)}, store_key{directory.path()}, issuer{database, keys, std::move(url)} {}

  static store::Database open(const tests::TemporaryDirectory& directory) {
    auto opened = server::Plane::open_database(
        {.data_directory = directory.path(), .database = tests::store_location(directory.path()), .issuer = {}});
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  [[nodiscard]] server::IssuedToken issue(AccessToken token, std::chrono::seconds lifetime = 60s) {
    auto issued = issuer.issue(std::move(token), lifetime);
    REQUIRE(issued.has_value());
    return std::move(*issued);
  }
  [[nodiscard]] bool accepts(std::string_view text) {
    const auto token = issuer.verify(text);
    if (!token) CHECK(token.error().code == ErrorCode::unauthenticated);
    if (!token) CHECK(token.error().reason == "invalid_token");
    return token.has_value();
  }
  server::SigningKeyFacts rotate(bool at_once, std::string_view algorithm = "ES256") {
    auto key = keys.rotate({.principal = owner}, algorithm, at_once);
    REQUIRE(key.has_value());
    return *key;
  }

  server::Principal owner{.kind = server::Principal::Kind::local, .role = server::Role::admin};
  store::Database database;
  server::StoreKey store_key;
  SigningKeys keys{database, store_key};
  TokenIssuer issuer;
};

AccessToken on_behalf() {
  return {.kind = AccessToken::Kind::delegated, .account_id = account, .user_id = user, .client_id = "client_1"};
}

json claims_of(std::string_view text) {
  const auto jws = auth::parse_compact(text);
  REQUIRE(jws.has_value());
  return json::parse(jws->payload);
}

}  // namespace

TEST_CASE("a token says what it was issued for") {
  const tests::TemporaryDirectory directory;
  Process process{directory};
  for (const auto& servers : {std::vector<std::string>{}, {"files"}, {"files", "mail"}}) {
    auto wanted = on_behalf();
    wanted.server_ids = servers;
    const auto issued = process.issue(wanted);
    const auto read = process.issuer.verify(issued.text.reveal());
    REQUIRE(read.has_value());
    CHECK(read->kind == AccessToken::Kind::delegated);
    CHECK(read->account_id == account);
    CHECK(read->user_id == user);
    CHECK(read->client_id == "client_1");
    CHECK(read->server_ids == servers);
    CHECK(read->id == issued.token.id);
    CHECK(read->expires_at - read->issued_at == 60s);
  }
  const auto login = process.issue({.kind = AccessToken::Kind::user,
                                    .user_id = user,
                                    .client_id = "program",
                                    .role = server::Role::developer,
                                    .session = "33333333-3333-4333-8333-333333333333"});
  const auto read = process.issuer.verify(login.text.reveal());
  CHECK(read->role == server::Role::developer);
  CHECK(read->session == "33333333-3333-4333-8333-333333333333");
  for (const auto lifetime : {0s, -1s, 3601s}) CHECK_FALSE(process.issuer.issue(on_behalf(), lifetime).has_value());
}

TEST_CASE("what the server's own key signed is no token all the same when it says something else") {
  const tests::TemporaryDirectory directory;
  Process process{directory};
  const auto good = claims_of(process.issue(on_behalf()).text.reveal());
  const auto signed_as = [&](std::string_view type, const json& claims) {
    const auto key = process.keys.current();
    REQUIRE(key.has_value());
    return (*key)->sign(type, claims.dump());
  };
  CHECK(process.accepts(signed_as("at+jwt", good)));
  CHECK(process.accepts(signed_as("application/AT+JWT", good)));
  for (const std::string_view type : {"JWT", "", "at+jwt ", "id_token+jwt", "secevent+jwt"}) {
    CAPTURE(type);
    CHECK_FALSE(process.accepts(signed_as(type, good)));
  }
  const auto changed = [&](const char* name, const json& value) {
    auto claims = good;
    if (value.is_null()) {
      claims.erase(name);
    } else {
      claims[name] = value;
    }
    return signed_as("at+jwt", claims);
  };
  const std::string own{issuer_url};
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, json>>{{"iss", nullptr},
                                                 {"iss", "https://evil.example"},
                                                 {"iss", own + "/"},
                                                 {"iss", json::array({own})},
                                                 {"aud", nullptr},
                                                 {"aud", "https://evil.example"},
                                                 {"aud", json::array()},
                                                 {"aud", json::array({own, "https://evil.example"})},
                                                 {"aud", own + "/api/v1/proxy//mcp"},
                                                 {"aud", own + "/api/v1/proxy/a/b/mcp"},
                                                 {"aud", own + ".evil.example/api/v1/proxy/a/mcp"},
                                                 {"aud", 1},
                                                 {"exp", nullptr},
                                                 {"exp", 1},
                                                 {"exp", "9999999999"},
                                                 {"exp", 9999999999.5},
                                                 {"iat", nullptr},
                                                 {"jti", nullptr},
                                                 {"jti", ""},
                                                 {"sub", nullptr},
                                                 {"sub", 1},
                                                 {"client_id", nullptr},
                                                 {"act", nullptr},
                                                 {"act", "x"},
                                                 {"act", json::object()},
                                                 {"act", {{"sub", ""}}},
                                                 {"principal", nullptr},
                                                 {"principal", "admin"},
                                                 {"principal", "user"}}) {
    CAPTURE(name);
    CAPTURE(value.dump());
    CHECK_FALSE(process.accepts(changed(name, value)));
  }
}

TEST_CASE("a token of another server with the same keys is none here") {
  const tests::TemporaryDirectory directory;
  Process here{directory};
  Process there{directory, "https://other.example.com"};
  const auto token = there.issue(on_behalf());
  CHECK(there.accepts(token.text.reveal()));
  CHECK_FALSE(here.accepts(token.text.reveal()));
  CHECK_FALSE(here.issuer.claims_to_be_ours(token.text.reveal()));
}

TEST_CASE("a revoked token is refused in every process, by itself or with its login") {
  const tests::TemporaryDirectory directory;
  Process here{directory};
  Process there{directory};
  const auto one = here.issue(on_behalf());
  const auto other = here.issue(on_behalf());
  REQUIRE(there.accepts(one.text.reveal()));
  REQUIRE(here.issuer.revoke(one.token).has_value());
  REQUIRE(here.issuer.revoke(one.token).has_value());
  for (auto* process : {&here, &there}) {
    CHECK_FALSE(process->accepts(one.text.reveal()));
    CHECK(process->accepts(other.text.reveal()));
  }
}

TEST_CASE("a new key is published before it signs, and takes over in every process when it may") {
  const tests::TemporaryDirectory directory;
  Process here{directory};
  Process there{directory};
  const auto first = here.issue(on_behalf());
  REQUIRE(there.accepts(first.text.reveal()));
  const auto next = here.rotate(false);
  CHECK(next.signs_from - next.created_at == SigningKeys::publication);
  CHECK_FALSE(next.retires_at.has_value());
  const auto published = there.keys.list();
  REQUIRE(published->size() == 2);
  CHECK(published->front().id == next.id);
  CHECK(published->back().retires_at > next.signs_from + SigningKeys::max_token_lifetime);
  CHECK((*there.keys.current())->id() != next.id);
  const auto again = there.keys.rotate({.principal = there.owner}, "ES256", false);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == ErrorCode::conflict);
  CHECK(there.accepts(there.issue(on_behalf()).text.reveal()));
}

TEST_CASE("a key that is replaced at once signs and verifies nothing more, in no process") {
  const tests::TemporaryDirectory directory;
  Process here{directory};
  Process there{directory};
  const auto old = there.issue(on_behalf());
  REQUIRE(here.accepts(old.text.reveal()));
  here.rotate(false);  // one that waits goes, too
  const auto next = here.rotate(true, "RS256");
  for (auto* process : {&here, &there}) {
    CHECK_FALSE(process->accepts(old.text.reveal()));
    CHECK((*process->keys.current())->id() == next.id);
    CHECK(process->keys.list()->size() == 1);
  }
  CHECK(here.accepts(there.issue(on_behalf()).text.reveal()));
}

TEST_CASE("the first key of a store need not wait, however it comes to be") {
  const tests::TemporaryDirectory directory;
  Process process{directory};
  const auto first = process.rotate(false);
  CHECK((*process.keys.current())->id() == first.id);
  CHECK(process.keys.list()->size() == 1);
  const auto unknown = process.keys.rotate({.principal = process.owner}, "HS256", false);
  CHECK_FALSE(unknown.has_value());
}
