#include <doctest/doctest.h>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/services.hpp"
#include "tests/unit/server/query_plans.hpp"
#include "tests/unit/store_location.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

class Fixture {
 public:
  Fixture() {
    const auto location = tests::store_location(directory_.path());
    auto opened = Plane::open({.data_directory = directory_.path(),
                               .database = tests::uses_postgresql ? location : std::string{},
                               .issuer = "http://a"});
    REQUIRE(opened);
    plane_ = std::move(*opened);
    const auto watched = plane_->services().database.read([&](soci::session& session) -> Result<void> {
      if (tests::uses_postgresql) {
        plans_ = std::make_unique<PostgresqlPlans>(session);
      } else {
        plans_ = std::make_unique<SqlitePlans>(session);
      }
      return {};
    });
    REQUIRE(watched);
    const Actor owner{Principal{.kind = Principal::Kind::local, .role = Role::admin}, "r"};
    for (const auto* email : {"a@example.org", "b@example.org", "c@example.org"}) {
      model::User wanted;
      wanted.email = email;
      wanted.role = Role::admin;
      const auto user = services().users.create(owner, wanted);
      REQUIRE(user);
      users.push_back(user->id);
      auto made = services().api_keys.create(owner, {.name = "k", .user = user->id});
      REQUIRE(made);
      if (key.empty()) key = made->value.reveal();
    }
  }
  Services& services() { return plane_->services(); }

  json ask(const std::string& method, const std::string& target, const std::string& body = {},
           api::Fields fields = {}) {
    if (api::field(fields, "authorization").empty()) fields.emplace_back("authorization", "Bearer " + key);
    const auto response = plane_->answer({method, "/api/v1" + target, body, std::move(fields)}, "127.0.0.1");
    CAPTURE(method);
    CAPTURE(target);
    CAPTURE(response.body);
    REQUIRE(response.status < 300);
    next = api::field(response.fields, "x-next-cursor");
    return json::parse(response.body);
  }
  json token(const std::string& form) {
    const auto response = plane_->answer(
        {"POST", "/api/v1/oauth/token", form, {{"content-type", "application/x-www-form-urlencoded"}}}, "127.0.0.1");
    REQUIRE(response.status == 200);
    return json::parse(response.body);
  }
  /// Does it once to warm up, and looks at the second time.
  template <class Work>
  int look_at(Work work) {
    work();
    plans_->begin();
    work();
    for (const auto& step : plans_->bad()) FAIL_CHECK(step);
    return plans_->transactions;
  }

  std::vector<std::string> users;
  std::string key;
  std::string next;  ///< cursor of the last answer

 private:
  tests::TemporaryDirectory directory_;
  std::unique_ptr<Plane> plane_;
  std::unique_ptr<Plans> plans_;  ///< goes before the connection that it listens to
};

TEST_CASE("what happens for every call reads no table as a whole") {
  Fixture fixture;
  const auto account = fixture.ask("POST", "/agent-accounts", R"({"name":"bot"})");
  const auto server = fixture.ask(
      "POST", "/servers", R"({"name":"s","url":"http://127.0.0.1:9/mcp","transport":"http","auth_type":"oauth"})");
  const auto id = account["id"].get<std::string>();
  const auto server_id = server["id"].get<std::string>();
  fixture.ask("POST", "/agent-accounts/" + id + "/delegations", "{}");
  fixture.ask("PUT", "/servers/" + server_id + "/oauth-session", R"({"access_token":"t"})");
  fixture.ask("POST", "/agent-accounts/" + id + "/session-grants",
              R"({"shared":true,"server_id":")" + server_id + "\"}");
  const auto client = "grant_type=client_credentials&client_id=" + account["client_id"].get<std::string>() +
                      "&client_secret=" + account["client_secret"].get<std::string>();
  const auto obo_form =
      client + "&actor_token_type=urn:runlayer:token-type:user-id&actor_token=" + fixture.users.front();
  const auto own = fixture.token(client)["access_token"].get<std::string>();
  const auto obo = fixture.token(obo_form)["access_token"].get<std::string>();

  // A token costs one transaction: the audit log's.
  const int issuing = fixture.look_at([&] { fixture.token(client); });
  const int issuing_obo = fixture.look_at([&] { fixture.token(obo_form); });
  if (!tests::uses_postgresql) {
    CHECK(issuing == 1);
    CHECK(issuing_obo == 1);
  }
  for (const auto& bearer : {fixture.key, own, obo}) {
    const int reading = fixture.look_at(
        [&] { fixture.ask("GET", "/servers/" + server_id, {}, {{"authorization", "Bearer " + bearer}}); });
    if (!tests::uses_postgresql) CHECK(reading == 0);
  }
  for (const auto kind : {Principal::Kind::account, Principal::Kind::delegated, Principal::Kind::user}) {
    Principal principal{.kind = kind};
    if (kind != Principal::Kind::user) principal.account = AccountFacts{.id = id, .name = "bot"};
    if (kind != Principal::Kind::account) principal.user.emplace().id = fixture.users.front();
    const auto known = fixture.services().mcp_servers.get(principal, server_id);
    REQUIRE(known);
    fixture.look_at([&] {
      CHECK(fixture.services().live_check.check(principal, server_id));
      CHECK(fixture.services().credentials.resolve(principal, *known));
    });
  }
  int number = 0;
  fixture.look_at([&] {
    const auto text = std::to_string(++number);
    fixture.ask("POST", "/users", R"({"email":"n)" + text + "@example.org\"}", {{"idempotency-key", text}});
  });
  fixture.look_at([&] {
    fixture.ask("POST", "/agent-accounts/" + id + "/session-grants/toggle", R"({"server_id":")" + server_id + "\"}");
  });
}

TEST_CASE("lists go on where they were") {
  Fixture fixture;
  std::vector<std::string> ids;
  for (const auto* name : {"one", "two", "three"}) {
    ids.push_back(fixture.ask("POST", "/agent-accounts", std::string{R"({"name":")"} + name + "\"}")["id"]);
    fixture.ask("POST", "/servers",
                std::string{R"({"url":"http://127.0.0.1:9/mcp","transport":"http","auth_type":"none","name":")"} +
                    name + "\"}");
    fixture.ask("POST", "/agent-accounts/" + ids.back() + "/delegations", "{}");
    fixture.ask("POST", "/agent-accounts/" + ids.front() + "/delegations",
                R"({"user_id":")" + fixture.users[ids.size() - 1] + "\"}");
  }
  for (const std::string& list :
       {std::string{"/users?"}, std::string{"/agent-accounts?"},
        "/agent-accounts?owner_user_id=" + fixture.users[0] + "&", std::string{"/api-keys?"}, std::string{"/servers?"},
        "/agent-accounts/" + ids.front() + "/delegations?", std::string{"/users/me/delegations?"},
        std::string{"/auditlogs?"}, "/auditlogs?user_id=" + fixture.users[0] + "&",
        "/auditlogs?actor_id=" + fixture.users[0] + "&", std::string{"/auditlogs?action_type=agent_account.create&"},
        std::string{"/auditlogs?start_date=2020-01-01&"}}) {
    CAPTURE(list);
    fixture.ask("GET", list + "limit=1");
    const auto cursor = fixture.next;
    REQUIRE_FALSE(cursor.empty());
    fixture.look_at([&] {
      fixture.ask("GET", list + "limit=1");
      fixture.ask("GET", list + "limit=1&cursor=" + cursor);
    });
  }
}

}  // namespace
}  // namespace runagents::server
