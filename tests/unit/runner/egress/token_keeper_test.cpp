#include "runner/egress/token_keeper.hpp"

#include <atomic>
#include <doctest/doctest.h>
#include <functional>
#include <thread>

#include "core/auth/sealer.hpp"
#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::egress;
using namespace std::string_literals;
using enum model::OAuthGrant;

namespace {

/// An authorization server: answers by what stands in the form, and counts. Of any thread.
struct Server {
  std::atomic<int> asked = 0;
  std::atomic<int> lifetime = 3600;
  std::atomic<bool> is_down = false;
  std::atomic<bool> is_over = false;
  std::function<void()> meanwhile = [] {};

  auth::Fetch fetch = [this](const http::FetchRequest& request) -> Result<http::FetchResponse> {
    const auto number = std::to_string(++asked);
    meanwhile();
    if (is_down) return fail(ErrorCode::unavailable, "down");
    if (is_over) return http::FetchResponse{.status = 400, .fields = {}, .body = R"({"error":"invalid_grant"})"};
    const auto type = request.body.substr(11, request.body.find('&') - 11);
    const bool brings_refresh = type == "authorization_code" || type == "refresh_token";
    auto body =
        R"({"token_type":"Bearer","access_token":"at)"s + number + R"(","expires_in":)" + std::to_string(lifetime);
    if (brings_refresh) body += R"(,"refresh_token":"rt)" + number + "\"";
    return http::FetchResponse{.status = 200, .fields = {}, .body = body + "}"};
  };
};

model::Tool sample(std::vector<model::OAuthGrant> grants) {
  model::Tool tool;
  tool.name = "drive";
  tool.base_url.scheme = "https";
  tool.base_url.host = "www.example.com";
  tool.auth.type = model::AuthType::oauth2;
  tool.auth.token_url = "https://auth.example.com/token";
  tool.auth.client_id = "c";
  tool.auth.scopes = {"a"};
  tool.auth.grants = std::move(grants);
  return tool;
}

auth::Sealer opened(const std::filesystem::path& directory) {
  auto sealer = auth::open_sealer(directory);
  if (!sealer) throw std::runtime_error{sealer.error().message};
  return std::move(*sealer);
}

struct Fixture {
  tests::TemporaryDirectory directory;
  tests::Plane plane{directory.path()};
  auth::Sealer sealer = opened(directory.path());
  Server server;
  model::Tool tool = sample({authorization_code, refresh_token});
  ClientSecrets secrets;

  TokenKeeper keeper(std::string holder = "h") { return {tool, *plane, sealer, server.fetch, std::move(holder)}; }
  void consent(const std::string& user) {
    REQUIRE(keeper().redeem(user, "code", "uri", "verifier", secrets).has_value());
  }
};

TokenWanted by(const std::string& user, const std::string& refused = {}) {
  TokenWanted wanted;
  wanted.user = user;
  wanted.refused = config::Secret{refused};
  return wanted;
}

std::string value_of(const TokenKeeper::Outcome& outcome) {
  REQUIRE_MESSAGE(outcome.has_value(), (outcome ? "" : outcome.error().message));
  return std::string{outcome->value.reveal()};
}

}  // namespace

TEST_CASE("the user's own token comes first, then the shared one, then a consent") {
  Fixture fixture;
  auto keeper = fixture.keeper();
  CHECK(keeper.obtain(by("ada"), fixture.secrets).error().needs_consent);
  fixture.consent("ada");
  CHECK(value_of(keeper.obtain(by("ada"), fixture.secrets)) == "at1");
  CHECK(keeper.obtain(by("eve"), fixture.secrets).error().needs_consent);
  CHECK(keeper.obtain(by(""), fixture.secrets).error().needs_consent);
  fixture.consent("");
  CHECK(value_of(keeper.obtain(by("ada"), fixture.secrets)) == "at1");
  CHECK(value_of(keeper.obtain(by("eve"), fixture.secrets)) == "at2");
}

TEST_CASE("the client's own token comes where nobody has one") {
  Fixture fixture;
  fixture.tool = sample({authorization_code, refresh_token, client_credentials});
  auto keeper = fixture.keeper();
  const auto first = keeper.obtain(by("ada"), fixture.secrets);
  CHECK(value_of(first) == "at1");
  CHECK(first->label == "client_credentials");
  CHECK(value_of(keeper.obtain(by("eve"), fixture.secrets)) == "at1");
  fixture.consent("ada");
  CHECK(value_of(keeper.obtain(by("ada"), fixture.secrets)) == "at2");
  CHECK(value_of(keeper.obtain(by("eve", "at1"), fixture.secrets)) == "at3");
}

TEST_CASE("a user's token is exchanged for each user, and not for one who has none") {
  Fixture fixture;
  fixture.tool = sample({token_exchange});
  auto keeper = fixture.keeper();
  const auto came_with = [](const std::string& user, const std::string& token) {
    auto wanted = by(user);
    wanted.user_token = config::Secret{token};
    return wanted;
  };
  CHECK(value_of(keeper.obtain(came_with("ada", "jwt-a"), fixture.secrets)) == "at1");
  CHECK(value_of(keeper.obtain(came_with("eve", "jwt-e"), fixture.secrets)) == "at2");
  CHECK(value_of(keeper.obtain(came_with("ada", "jwt-a"), fixture.secrets)) == "at1");
  CHECK(value_of(keeper.obtain(came_with("ada", "jwt-a2"), fixture.secrets)) == "at3");
  const auto without = keeper.obtain(by("ada"), fixture.secrets);
  REQUIRE_FALSE(without.has_value());
  CHECK_FALSE(without.error().needs_consent);
  CHECK(fixture.server.asked == 3);
}

TEST_CASE("a refused token is renewed, and whoever comes later with it finds the new one") {
  Fixture fixture;
  fixture.consent("ada");
  auto keeper = fixture.keeper();
  CHECK(value_of(keeper.obtain(by("ada", "at1"), fixture.secrets)) == "at2");
  CHECK(value_of(keeper.obtain(by("ada", "at1"), fixture.secrets)) == "at2");
  CHECK(fixture.server.asked == 2);
}

TEST_CASE("a refused token without a refresh token needs another consent") {
  Fixture fixture;
  fixture.tool = sample({authorization_code});
  fixture.consent("ada");
  auto keeper = fixture.keeper();
  CHECK(keeper.obtain(by("ada", "at1"), fixture.secrets).error().needs_consent);
  CHECK(keeper.obtain(by("ada"), fixture.secrets).error().needs_consent);
  CHECK((*fixture.plane->list_consents({}))[0].status == model::ConsentStatus::lost);
}

TEST_CASE("a refresh token that is worth nothing any more leads to a consent, not to what is shared") {
  Fixture fixture;
  fixture.consent("ada");
  fixture.consent("");
  fixture.server.is_over = true;
  auto keeper = fixture.keeper();
  CHECK(keeper.obtain(by("ada", "at1"), fixture.secrets).error().needs_consent);
  fixture.server.is_over = false;
  CHECK(keeper.obtain(by("ada"), fixture.secrets).error().needs_consent);
  CHECK(fixture.server.asked == 3);
  fixture.consent("ada");
  CHECK(value_of(keeper.obtain(by("ada"), fixture.secrets)) == "at4");
}

TEST_CASE("a server that is down costs no consent") {
  Fixture fixture;
  fixture.consent("ada");
  fixture.server.is_down = true;
  auto keeper = fixture.keeper();
  const auto outcome = keeper.obtain(by("ada", "at1"), fixture.secrets);
  REQUIRE_FALSE(outcome.has_value());
  CHECK_FALSE(outcome.error().needs_consent);
  fixture.server.is_down = false;
  CHECK(value_of(keeper.obtain(by("ada", "at1"), fixture.secrets)) == "at3");
}

TEST_CASE("processes that need the same new token ask for it once") {
  Fixture fixture;
  fixture.consent("ada");
  constexpr int processes = 6;
  std::vector<std::string> seen(processes);
  std::vector<std::thread> threads;
  for (int i = 0; i < processes; ++i) {
    threads.emplace_back([&fixture, &seen, i] {
      tests::Plane own{fixture.directory.path()};
      TokenKeeper keeper{fixture.tool, *own, fixture.sealer, fixture.server.fetch, "holder " + std::to_string(i)};
      const auto outcome = keeper.obtain(by("ada", "at1"), fixture.secrets);
      if (outcome) seen[static_cast<std::size_t>(i)] = outcome->value.reveal();
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(seen == std::vector<std::string>(processes, "at2"));
  CHECK(fixture.server.asked == 2);
}

TEST_CASE("a consent that is taken back while its token is renewed stays taken back") {
  Fixture fixture;
  fixture.consent("ada");
  fixture.server.meanwhile = [&fixture] {
    tests::Plane other{fixture.directory.path()};
    const auto all = other->list_consents({});
    REQUIRE(other->delete_consent(all->at(0).id).has_value());
  };
  auto keeper = fixture.keeper();
  CHECK(keeper.obtain(by("ada", "at1"), fixture.secrets).error().needs_consent);
  CHECK(fixture.plane->list_consents({})->empty());
}

TEST_CASE("a consent that is given while its token is renewed is the one that counts") {
  Fixture fixture;
  fixture.consent("ada");
  fixture.server.meanwhile = [&fixture, once = true]() mutable {
    if (!std::exchange(once, false)) return;
    tests::Plane other{fixture.directory.path()};
    TokenKeeper keeper{fixture.tool, *other, fixture.sealer, fixture.server.fetch, "other"};
    REQUIRE(keeper.redeem("ada", "code", "uri", "verifier", fixture.secrets).has_value());
  };
  auto keeper = fixture.keeper();
  CHECK(value_of(keeper.obtain(by("ada", "at1"), fixture.secrets)) == "at3");
  CHECK(value_of(keeper.obtain(by("ada"), fixture.secrets)) == "at3");
}

namespace {

/// A control plane whose disk is full: nothing is stored.
class Full final : public api::Transport {
 public:
  explicit Full(api::Transport& real) : real_{real} {}
  Result<api::Response> send(const api::Request& request) override {
    if (request.method == "PUT") return fail(ErrorCode::unavailable, "the disk is full");
    return real_.send(request);
  }

 private:
  api::Transport& real_;
};

}  // namespace

TEST_CASE("a token that came with a refresh token that could not be stored is not used") {
  Fixture fixture;
  fixture.consent("ada");
  Full full{fixture.plane.transport()};
  api::ControlPlane plane{full};
  TokenKeeper keeper{fixture.tool, plane, fixture.sealer, fixture.server.fetch, "h"};
  const auto outcome = keeper.obtain(by("ada", "at1"), fixture.secrets);
  REQUIRE_FALSE(outcome.has_value());
  CHECK_FALSE(outcome.error().needs_consent);
  CHECK(outcome.error().message.find("disk is full") != std::string::npos);
}
