#include "core/policy/pattern.hpp"

#include <doctest/doctest.h>
#include <string_view>

using namespace std::string_view_literals;
using runagents::policy::parse_path_pattern;
using runagents::policy::parse_resource_pattern;

namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto parsed = parse_path_pattern(pattern);
  CAPTURE(pattern);
  REQUIRE(parsed.has_value());
  return parsed->matches(path);
}

bool covers(std::string_view pattern, std::string_view path) {
  const auto parsed = parse_resource_pattern(pattern);
  CAPTURE(pattern);
  REQUIRE(parsed.has_value());
  return parsed->path.matches(path);
}

}  // namespace

TEST_CASE("a pattern without wildcard matches exactly") {
  CHECK(matches("/v1/charges", "/v1/charges"));
  CHECK_FALSE(matches("/v1/charges", "/v1/charges/"));
  CHECK_FALSE(matches("/v1/charges", "/v1/charge"));
  CHECK_FALSE(matches("/v1/charges", "/v1/charges/ch_1"));
  CHECK_FALSE(matches("/v1/charges", "/V1/charges"));
  CHECK_FALSE(matches("/v1/charges", "//v1/charges"));
  CHECK_FALSE(matches("/v1/charges", "/v1"));
  CHECK(matches("/v1/charges/", "/v1/charges/"));
  CHECK_FALSE(matches("/v1/charges/", "/v1/charges"));
  CHECK(matches("/", "/"));
  CHECK_FALSE(matches("/", "/x"));
  CHECK_FALSE(matches("/", "//"));
}

TEST_CASE("a star or a name is exactly one segment that is not empty") {
  for (const auto pattern : {"/v1/charges/{id}"sv, "/v1/*/{id}"sv, "/{a}/{b}/{c}"sv}) {
    CHECK(matches(pattern, "/v1/charges/ch_1"));
    CHECK_FALSE(matches(pattern, "/v1/charges/"));
    CHECK_FALSE(matches(pattern, "/v1/charges"));
    CHECK_FALSE(matches(pattern, "/v1/charges/ch_1/refunds"));
    CHECK_FALSE(matches(pattern, "/v1/charges/ch_1/"));
  }
  CHECK(matches("/a/*/c", "/a/b/c"));
  CHECK_FALSE(matches("/a/*/c", "/a//c"));
  CHECK_FALSE(matches("/a/*/c", "/a/b/b/c"));
}

TEST_CASE("a trailing star matches one or more further segments") {
  for (const auto pattern : {"/v1/*"sv, "/v1/**"sv}) {
    CHECK(matches(pattern, "/v1/a"));
    CHECK(matches(pattern, "/v1/a/b/c"));
    CHECK(matches(pattern, "/v1/a/"));
    CHECK_FALSE(matches(pattern, "/v1"));
    CHECK_FALSE(matches(pattern, "/v1/"));
    CHECK_FALSE(matches(pattern, "/v10/a"));
  }
  CHECK(matches("/*", "/a"));
  CHECK_FALSE(matches("/*", "/"));
  CHECK(matches("/{org}/**", "/a/b"));
  CHECK_FALSE(matches("/{org}/**", "/a"));
}

TEST_CASE("a resource that is open at the root matches the root too") {
  CHECK(covers("https://api.stripe.com/*", "/"));
  CHECK(covers("https://api.stripe.com/**", "/"));
  CHECK(covers("https://api.stripe.com/*", "/v1/charges"));
  CHECK_FALSE(covers("https://api.stripe.com/v1/*", "/v1"));
  CHECK_FALSE(covers("https://api.stripe.com/v1/*", "/"));
}

TEST_CASE("a resource has a canonical scheme, host and port") {
  const auto resource = parse_resource_pattern("https://API.Stripe.com.:443/v1/{id}");
  REQUIRE(resource);
  CHECK(resource->scheme == "https");
  CHECK(resource->host == "api.stripe.com");
  CHECK(resource->port == 443);
  CHECK(parse_resource_pattern("http://a/x")->port == 80);
  CHECK(parse_resource_pattern("http://[::1]:8080/x")->host == "::1");
}

TEST_CASE("impossible patterns are refused with what would be right") {
  for (const auto text : {""sv, "v1"sv, "/a?b"sv, "/a#b"sv, "/a/**/b"sv, "/a/ch_*"sv, "/a/{id}.json"sv, "/a/{}"sv,
                          "/a/{id"sv, "/a/id}"sv, "/a/{i d}"sv, "/a/../b"sv, "/a/%7Eb"sv, "/a/%3ab"sv, "/a b"sv,
                          "/caf\xc3\xa9"sv, "/a\\b"sv, "/***"sv, "/a/{*}"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_path_pattern(text));
  }
  CHECK(parse_path_pattern("/a/%7Eb").error().hint == "write \"/a/~b\"");
}

TEST_CASE("impossible resources are refused with what would be right") {
  for (const auto text :
       {""sv, "/v1/*"sv, "api.stripe.com/*"sv, "ftp://a/*"sv, "https://*.example.com/*"sv, "https:///x"sv,
        "https://a:0/*"sv, "https://u@a/*"sv, "https://127.1/*"sv, "*"sv, "https://a/b?c"sv, "tcp://a:1/*"sv}) {
    CAPTURE(text);
    CHECK_FALSE(parse_resource_pattern(text));
  }
  CHECK(parse_resource_pattern("https://api.stripe.com").error().hint.contains("https://api.stripe.com/*"));
}
