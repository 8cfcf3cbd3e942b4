#include "core/auth/token_response.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/auth/scopes.hpp"

using namespace runagents;
using namespace runagents::auth;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using Kind = TokenFailure::Kind;

namespace {

constexpr sys_seconds now{seconds{1'700'000'000}};

auto read(const std::string& body, int status = 200) {
  http::FetchResponse response;
  response.status = status;
  response.body = body;
  return read_token_response(response, now);
}

/// A sound answer with one more member.
std::string with(const std::string& member) { return R"({"access_token":"at","token_type":"Bearer",)" + member + "}"; }

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("tokens are read") {
  const auto tokens = read(R"({"access_token":"at.1-_~+/=","token_type":"bEaReR","expires_in":60,"refresh_token":"rt",
      "scope":"a  b","id_token":"x"})");
  REQUIRE(tokens.has_value());
  CHECK(tokens->access_token.reveal() == "at.1-_~+/=");
  CHECK(tokens->refresh_token.reveal() == "rt");
  CHECK(tokens->expires_at == now + seconds{60});
  CHECK(tokens->scopes == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what is not said is not made up") {
  for (const auto* body :
       {R"({"access_token":"at","token_type":"Bearer"})",
        R"({"access_token":"at","token_type":"Bearer","expires_in":null,"scope":null,"refresh_token":null})"}) {
    const auto tokens = read(body);
    REQUIRE(tokens.has_value());
    CHECK_FALSE(tokens->expires_at.has_value());
    CHECK_FALSE(tokens->scopes.has_value());
    CHECK(tokens->refresh_token.empty());
  }
}

TEST_CASE("lifetimes are whole seconds, also as a text, and no lifetime overflows") {
  CHECK(read(with(R"("expires_in":"3600")"))->expires_at == now + seconds{3600});
  CHECK(read(with(R"("expires_in":0)"))->expires_at == now);
  const auto longest = read(with(R"("expires_in":18446744073709551615)"));
  REQUIRE(longest.has_value());
  CHECK(*longest->expires_at > now);
  CHECK(read(with(R"("expires_in":"9223372036854775807")"))->expires_at == longest->expires_at);
  for (const auto* value : {"-1", "1.5", "1e3", "true", "[]", "{}", "\"\"", "\"-1\"", "\"1s\"", "\" 1\"", "\"0x10\"",
                            "\"99999999999999999999\"", "1e400"}) {
    CAPTURE(value);
    CHECK_FALSE(read(with(R"("expires_in":)" + std::string{value})).has_value());
  }
}

TEST_CASE("answers that are not sound are no tokens") {
  for (const auto& body :
       std::vector<std::string>{"",
                                " ",
                                "null",
                                "[]",
                                "1",
                                "\"at\"",
                                "{",
                                R"({"access_token":"at"})",
                                R"({"token_type":"Bearer"})",
                                R"({"access_token":"at","token_type":"mac"})",
                                R"({"access_token":"at","token_type":["Bearer"]})",
                                R"({"access_token":"","token_type":"Bearer"})",
                                R"({"access_token":5,"token_type":"Bearer"})",
                                R"({"access_token":"a b","token_type":"Bearer"})",
                                R"({"access_token":"a\r\nX: 1","token_type":"Bearer"})",
                                R"({"access_token":"a\u0000b","token_type":"Bearer"})",
                                R"({"access_token":"\u00e4","token_type":"Bearer"})",
                                R"({"access_token":"a","access_token":"b","token_type":"Bearer"})",
                                R"({"access_token":"a","token_type":"Bearer"}{})",
                                R"({"access_token":"a","token_type":"Bearer"} trailing)",
                                R"({"access_token":")" + std::string(20'000, 'a') + R"(","token_type":"Bearer"})",
                                with(R"("refresh_token":"")"),
                                with(R"("refresh_token":7)"),
                                with(R"("refresh_token":"a\nb")"),
                                with(R"("scope":["a"])"),
                                "\xef\xbb\xbf[]",
                                R"({"access_token":")" + std::string{"\xff"} + R"(","token_type":"Bearer"})",
                                repeated("[", 200'000) + repeated("]", 200'000),
                                repeated(R"({"a":)", 200'000)}) {
    CAPTURE(body.substr(0, 80));
    const auto tokens = read(body);
    REQUIRE_FALSE(tokens.has_value());
    CHECK(tokens.error().kind == Kind::temporary);
    CHECK(tokens.error().message.size() < 200);
  }
}

TEST_CASE("an answer with very many members takes no time") {
  std::string body = "{";
  for (int i = 0; i < 60'000; ++i) body += "\"m" + std::to_string(i) + "\":0,";
  CHECK(read(body + R"("access_token":"a","token_type":"Bearer"})").has_value());
}

TEST_CASE("errors say whom to ask, and repeat no word that is not OAuth's") {
  const auto kind = [](const char* body, int status) {
    const auto outcome = read(body, status);
    REQUIRE_FALSE(outcome.has_value());
    return outcome.error().kind;
  };
  CHECK(kind(R"({"error":"invalid_grant"})", 400) == Kind::grant_lost);
  CHECK(kind(R"({"error":"invalid_client"})", 401) == Kind::configuration);
  CHECK(kind(R"({"error":"invalid_scope"})", 400) == Kind::configuration);
  CHECK(kind(R"({"error":"temporarily_unavailable"})", 400) == Kind::temporary);
  CHECK(kind("<html>", 404) == Kind::configuration);
  for (const int status : {408, 429, 500, 502, 503}) CHECK(kind("<html>", status) == Kind::temporary);
  // A server that is broken may say anything; a consent is not given up for it.
  CHECK(kind(R"({"error":"invalid_grant"})", 500) == Kind::temporary);
  CHECK(kind(R"({"error":"invalid_grant","error":"x"})", 400) == Kind::configuration);
  const auto outcome = read(R"({"error":"<b>","error_description":"\u001b[31m secret","error_uri":"http://x"})", 400);
  REQUIRE_FALSE(outcome.has_value());
  for (const auto* text : {"<b>", "secret", "\x1b", "http://x"}) {
    CHECK(outcome.error().message.find(text) == std::string::npos);
  }
}

TEST_CASE("only status 200 brings tokens") {
  for (const int status : {201, 204, 206, 301, 302, 400}) {
    CHECK_FALSE(read(R"({"access_token":"a","token_type":"Bearer"})", status).has_value());
  }
}

TEST_CASE("scopes cover what is among them") {
  CHECK(covers({"a", "b"}, {"b"}));
  CHECK(covers({}, {}));
  CHECK_FALSE(covers({"a"}, {"a", "b"}));
  CHECK_FALSE(covers({"ab"}, {"a"}));
  CHECK(joined({"a", "b"}) == "a b");
}
