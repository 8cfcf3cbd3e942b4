#include "core/auth/stored_tokens.hpp"

#include <doctest/doctest.h>

#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::auth;

namespace {

model::Tool sample() {
  model::Tool tool;
  tool.name = "drive";
  tool.base_url.scheme = "https";
  tool.base_url.host = "www.example.com";
  tool.base_url.port = 443;
  tool.auth.auth_url = "https://auth.example.com/authorize";
  tool.auth.token_url = "https://auth.example.com/token";
  tool.auth.client_id = "c";
  return tool;
}

StoredTokens tokens() {
  return {.tokens = {.access_token = config::Secret{"at-1"},
                     .refresh_token = config::Secret{"rt-1"},
                     .expires_at = std::chrono::sys_seconds{std::chrono::seconds{1'700'000'000}}},
          .seed = "seed"};
}

}  // namespace

TEST_CASE("tokens are opened at their own place, as they were") {
  const tests::TemporaryDirectory directory;
  const auto sealer = open_sealer(directory.path());
  REQUIRE(sealer.has_value());
  const auto place = token_place(sample(), "ada@example.org");
  const auto sealed = seal_tokens(*sealer, tokens(), place);
  CHECK(sealed.find("at-1") == std::string::npos);
  const auto opened = open_tokens(*sealer, sealed, place);
  REQUIRE(opened.has_value());
  CHECK(opened->tokens.access_token.reveal() == "at-1");
  CHECK(opened->tokens.refresh_token.reveal() == "rt-1");
  CHECK(opened->tokens.expires_at == tokens().tokens.expires_at);
  CHECK(opened->seed == "seed");
}

TEST_CASE("tokens are opened for nobody else and nothing else") {
  const tests::TemporaryDirectory directory;
  const auto sealer = open_sealer(directory.path());
  REQUIRE(sealer.has_value());
  const auto place = token_place(sample(), "ada@example.org");
  const auto sealed = seal_tokens(*sealer, tokens(), place);
  for (auto member : {&model::ConsentPlace::end_user, &model::ConsentPlace::tool, &model::ConsentPlace::client}) {
    auto other = place;
    (other.*member) += "x";
    CHECK_FALSE(open_tokens(*sealer, sealed, other).has_value());
  }
  // The border of two parts may not move.
  auto shifted = place;
  shifted.tool = shifted.end_user.back() + shifted.tool;
  shifted.end_user.pop_back();
  CHECK_FALSE(open_tokens(*sealer, sealed, shifted).has_value());
}

TEST_CASE("a tool that would send the token elsewhere, or gets it elsewhere, has another place") {
  const auto place = token_place(sample(), "ada@example.org");
  const auto differs = [&place](const model::Tool& tool) {
    return token_place(tool, "ada@example.org").client != place.client;
  };
  CHECK_FALSE(differs(sample()));
  auto tool = sample();
  tool.base_url.host = "attacker.example";
  CHECK(differs(tool));
  tool = sample();
  tool.base_url.path = "/other";
  CHECK(differs(tool));
  for (auto member : {&model::Auth::auth_url, &model::Auth::token_url, &model::Auth::client_id, &model::Auth::audience,
                      &model::Auth::resource}) {
    tool = sample();
    (tool.auth.*member) += "x";
    CHECK(differs(tool));
  }
}
