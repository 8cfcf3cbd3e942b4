#include "core/api/shared_tokens.hpp"

#include <atomic>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "tests/unit/core/api/scripted_transport.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::api;
using std::chrono::seconds;

namespace {

struct Cache {
  tests::TemporaryDirectory directory;
  std::chrono::sys_seconds now{seconds{1'000'000}};
  std::atomic<int> minted = 0;
  bool is_down = false;

  SharedTokens open() {
    return {directory / "cache", auth::open_sealer(directory.path()).value(), [this] { return now; }};
  }
  SharedTokens::Mint mint = [this]() -> Result<AgentToken> {
    if (is_down) return fail(ErrorCode::unavailable, "the server is down");
    return AgentToken{.text = config::Secret{"token-" + std::to_string(++minted)},
                      .issued_at = now,
                      .expires_at = now + seconds{3600}};
  };
  const AgentTokenRequest m2m{.issuer = "https://plane.example", .client_id = "client_1"};

  std::string get(SharedTokens& tokens, const SharedTokens::Wish& wish = {}) {
    const auto token = tokens.get(m2m, wish, mint);
    return token ? std::string{token->text.reveal()} : token.error().message;
  }
};

}  // namespace

TEST_CASE("a token is asked for once and used until most of its life is over") {
  Cache cache;
  auto first = cache.open();
  auto second = cache.open();
  CHECK(cache.get(first) == "token-1");
  cache.now += seconds{3600 * 79 / 100};
  CHECK(cache.get(second) == "token-1");
  cache.now += seconds{3600 * 12 / 100};
  CHECK(cache.get(second) == "token-2");
  CHECK(cache.get(first) == "token-2");
}

TEST_CASE("a hundred at once ask the server one time") {
  Cache cache;
  std::vector<std::thread> threads;
  std::atomic<int> same = 0;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      auto tokens = cache.open();
      if (cache.get(tokens) == "token-1") ++same;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(cache.minted == 1);
  CHECK(same == 100);
}

TEST_CASE("tokens of different requests are different") {
  Cache cache;
  auto tokens = cache.open();
  CHECK(cache.get(tokens) == "token-1");
  auto for_ada = cache.m2m;
  for_ada.subject = "ada@example.com";
  for_ada.subject_type = user_email_type;
  CHECK(tokens.get(for_ada, {}, cache.mint)->text.reveal() == "token-2");
  auto elsewhere = cache.m2m;
  elsewhere.issuer = "https://other.example";
  CHECK(tokens.get(elsewhere, {}, cache.mint)->text.reveal() == "token-3");
  CHECK(cache.get(tokens) == "token-1");
}

TEST_CASE("one that was refused is not given again, and neither is one that ends too soon") {
  Cache cache;
  auto tokens = cache.open();
  CHECK(cache.get(tokens) == "token-1");
  CHECK(cache.get(tokens, {.refused = "token-1"}) == "token-2");
  CHECK(cache.get(tokens, {.refused = "token-1"}) == "token-2");
  CHECK(cache.get(tokens, {.at_least = seconds{3601}}) == "token-3");
}

TEST_CASE("while the server is down the token lives on as long as it does") {
  Cache cache;
  auto tokens = cache.open();
  CHECK(cache.get(tokens) == "token-1");
  cache.is_down = true;
  cache.now += seconds{3500};
  CHECK(cache.get(tokens) == "token-1");
  cache.now += seconds{200};
  CHECK(cache.get(tokens) == "the server is down");
}

TEST_CASE("no token stands in a file, and what another key sealed is as if it were not there") {
  Cache cache;
  auto tokens = cache.open();
  CHECK(cache.get(tokens) == "token-1");
  for (const auto& entry : std::filesystem::recursive_directory_iterator{cache.directory / "cache"}) {
    if (!entry.is_regular_file()) continue;
    CHECK((entry.status().permissions() & std::filesystem::perms{0077}) == std::filesystem::perms::none);
    std::ifstream file{entry.path(), std::ios::binary};
    CHECK_FALSE(std::string{std::istreambuf_iterator<char>{file}, {}}.contains("token-1"));
  }
  std::filesystem::remove(cache.directory / "store.key");
  auto with_another_key = cache.open();
  CHECK(cache.get(with_another_key) == "token-2");
}

TEST_CASE("a token that does not say how long it lives is used once") {
  Cache cache;
  auto tokens = cache.open();
  const auto brief = [&]() -> Result<AgentToken> {
    ++cache.minted;
    return AgentToken{.text = config::Secret{"brief"}, .issued_at = cache.now, .expires_at = cache.now};
  };
  CHECK(tokens.get(cache.m2m, {}, brief).has_value());
  CHECK(tokens.get(cache.m2m, {}, brief).has_value());
  CHECK(cache.minted == 2);
}

TEST_CASE("what is forgotten is asked for again") {
  Cache cache;
  auto tokens = cache.open();
  CHECK(cache.get(tokens) == "token-1");
  tokens.forget(cache.m2m);
  CHECK(cache.get(tokens) == "token-2");
  REQUIRE(tokens.clear().has_value());
  CHECK(cache.get(tokens) == "token-3");
}

TEST_CASE("a token on behalf of a user names them as the actor") {
  tests::ScriptedTransport plane;
  plane.answer(200, R"({"access_token":"abc","token_type":"Bearer","expires_in":3600})",
               {{"content-type", "application/json"}});
  AgentTokenRequest request{.issuer = "https://plane.example",
                            .client_id = "client_1",
                            .subject = "ada@example.com",
                            .subject_type = subject_type_of({}, "ada@example.com")};
  const std::chrono::sys_seconds now{seconds{1000}};
  const auto token = request_agent_token(plane, request, config::Secret{"s&cret"}, now);
  REQUIRE(token.has_value());
  CHECK(token->expires_at == now + seconds{3600});
  CHECK(plane.requests[0].target == "/oauth/token");
  CHECK(plane.requests[0].body ==
        "grant_type=client_credentials&client_id=client_1&client_secret=s%26cret&actor_token=ada%40example.com&"
        "actor_token_type=urn%3Arunlayer%3Atoken-type%3Auser-email");
}

TEST_CASE("an exchange has the published order, or that of RFC 8693") {
  const config::Secret agent{"agent"};
  const config::Secret user{"user"};
  for (const bool rfc_order : {false, true}) {
    tests::ScriptedTransport plane;
    plane.answer(200, R"({"access_token":"abc","token_type":"Bearer","expires_in":60})");
    REQUIRE(exchange_token(plane, {.agent_token = agent, .user_token = user, .resource = {}, .rfc_order = rfc_order},
                           std::chrono::sys_seconds{})
                .has_value());
    CHECK(plane.requests[0].body.contains(rfc_order ? "&subject_token=user&" : "&subject_token=agent&"));
    CHECK(plane.requests[0].body.contains(rfc_order ? "&actor_token=agent&" : "&actor_token=user&"));
  }
}
