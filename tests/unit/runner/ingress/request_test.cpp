#include <doctest/doctest.h>
#include <string>

#include "runner/ingress/bearer_token.hpp"
#include "runner/ingress/client_domain.hpp"

using namespace runagents;
using namespace runagents::ingress;

namespace {

struct Request {
  explicit Request(const std::string& fields)
      : text{"GET / HTTP/1.1\r\nHost: agent.example.com:8000\r\n" + fields + "\r\n"} {
    REQUIRE(http::parse_request_head(text, {}, head).value_or(0) == text.size());
  }
  std::string text;
  http::RequestHead head;
};

/// The token, or "none", or the refusal's code.
std::string token_of(const std::string& fields) {
  const Request request{fields};
  const auto token = bearer_token(request.head);
  if (!token) return std::string{model::traits(token.error().code).word};
  return *token ? std::string{**token} : "none";
}

std::string domain_of(const std::string& fields) { return client_domain(Request{fields}.head); }

}  // namespace

TEST_CASE("a bearer token stands in one header field and nowhere else") {
  CHECK(token_of("") == "none");
  CHECK(token_of("Authorization: Bearer a.b.c\r\n") == "a.b.c");
  CHECK(token_of("authorization: bearer   a.b.c  \r\n") == "a.b.c");
  CHECK(token_of("X-Authorization: Bearer a\r\n") == "none");
  CHECK(token_of("Authorization: Basic YTpi\r\n") == "TOKEN_MISSING");
  CHECK(token_of("Authorization: a.b.c\r\n") == "TOKEN_MISSING");
  CHECK(token_of("Authorization:\r\n") == "TOKEN_MISSING");
  CHECK(token_of("Authorization: Bearer\r\n") == "TOKEN_INVALID");
  CHECK(token_of("Authorization: Bearer a b\r\n") == "TOKEN_INVALID");
  CHECK(token_of("Authorization: Bearer a, Bearer b\r\n") == "TOKEN_INVALID");
  CHECK(token_of("Authorization: Bearer a\r\nAuthorization: Bearer a\r\n") == "TOKEN_INVALID");
  CHECK(token_of("Authorization: Bearer a\r\nAUTHORIZATION: Basic b\r\n") == "TOKEN_INVALID");
}

TEST_CASE("an application's domain is its origin's, or else the host's that it called") {
  CHECK(domain_of("") == "agent.example.com");
  CHECK(domain_of("Origin: https://App.Example.com\r\n") == "app.example.com");
  CHECK(domain_of("Origin: https://app.example.com:8443\r\n") == "app.example.com");
  for (const auto* origin :
       {"null", "", "app.example.com", "https://", "https://a@app.example.com", "https://app.example.com/x"}) {
    CAPTURE(origin);
    CHECK(domain_of("Origin: " + std::string{origin} + "\r\n").empty());
  }
  CHECK(domain_of("Origin: https://app.example.com\r\nOrigin: https://app.example.com\r\n").empty());
  CHECK(is_allowed("", {}));
  CHECK(is_allowed("a.example", {"b.example", "a.example"}));
  CHECK_FALSE(is_allowed("", {"a.example"}));
  CHECK_FALSE(is_allowed("x.a.example", {"a.example"}));
}
