#include "core/policy/target.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

using namespace std::string_view_literals;
using runagents::model::RefusalCode;
using runagents::policy::Authority;
using runagents::policy::default_port;
using runagents::policy::parse_authority;
using runagents::policy::parse_target;

namespace {

std::string canonical(std::string_view url) {
  const auto target = parse_target(url);
  return target ? target->to_string() : "refused: " + target.error().message;
}

RefusalCode refusal(std::string_view url) {
  const auto target = parse_target(url);
  CAPTURE(url);
  REQUIRE_FALSE(target.has_value());
  return target.error().code;
}

}  // namespace

TEST_CASE("an authority is a host and a port") {
  CHECK(*parse_authority("API.example.com:8443", 443) == Authority{"api.example.com", 8443});
  CHECK(*parse_authority("api.example.com", 443) == Authority{"api.example.com", 443});
  CHECK(*parse_authority("api.example.com:", 443) == Authority{"api.example.com", 443});
  CHECK(*parse_authority("[2001:DB8::1337]:1337", 443) == Authority{"2001:db8::1337", 1337});
  CHECK(*parse_authority("[::1]", 80) == Authority{"::1", 80});
  CHECK(*parse_authority("a.:65535", 80) == Authority{"a", 65535});
}

TEST_CASE("a port is a plain number from 1 to 65535") {
  for (const auto raw : {"a:0"sv, "a:65536"sv, "a:007"sv, "a:-12"sv, "a:+80"sv, "a:https"sv, "a: 80"sv, "a:80 "sv,
                         "a:80x"sv, "a:99999999999"sv, "a:0x50"sv}) {
    CAPTURE(raw);
    CHECK(parse_authority(raw, 80).error().code == RefusalCode::bad_request);
  }
  CHECK_FALSE(parse_authority("a", 0));
  CHECK_FALSE(parse_authority("a:", 0));
}

TEST_CASE("user information and stray characters in an authority are refused") {
  for (const auto raw : {"user@a"sv, "user:pass@a:80"sv, "@a"sv, "a@"sv, "a\\@b"sv, "api.stripe.com\\.evil.com"sv}) {
    CAPTURE(raw);
    CHECK(parse_authority(raw, 80).error().code == RefusalCode::ambiguous_target);
  }
  for (const auto raw :
       {""sv, ":"sv, ":80"sv, "::"sv, "::1"sv, "2001:db8::1"sv, "a:b:c"sv, "[::1"sv, "[::1]x"sv, "[::1]80"sv}) {
    CAPTURE(raw);
    CHECK(parse_authority(raw, 80).error().code == RefusalCode::bad_request);
  }
}

TEST_CASE("a URL is read into canonical parts") {
  CHECK(canonical("HTTPS://API.Stripe.com:443/v1/%63harges?limit=3") == "https://api.stripe.com/v1/charges?limit=3");
  CHECK(canonical("http://a:8080") == "http://a:8080/");
  CHECK(canonical("http://a?x") == "http://a/?x");
  CHECK(canonical("http://a/?") == "http://a/?");
  CHECK(canonical("https://[2001:DB8::1]:8443/x") == "https://[2001:db8::1]:8443/x");
  CHECK(canonical("http://a:443/") == "http://a:443/");
  CHECK(canonical("https://a/b/../c?d=../e") == "https://a/c?d=../e");
  CHECK(canonical("https://a//b") == "https://a//b");
}

TEST_CASE("what is not an absolute http or https URL is a bad request") {
  for (const auto url : {""sv,
                         "/v1"sv,
                         "a.com"sv,
                         "a.com:80"sv,
                         "http:a"sv,
                         "http:/a"sv,
                         "http://"sv,
                         "http:///x"sv,
                         "ftp://a/"sv,
                         "file:///etc/passwd"sv,
                         "//a/"sv,
                         " http://a/"sv,
                         "httpss://a/"sv,
                         "h ttp://a"sv,
                         "http://a b/"sv,
                         "http://a/b c"sv,
                         "http://a/\n"sv,
                         "http://a\r\n/"sv,
                         "javascript://a"sv,
                         "https//a"sv}) {
    CHECK(refusal(url) == RefusalCode::bad_request);
  }
}

TEST_CASE("a URL with two readings is ambiguous") {
  for (const auto url : {"http://a@b/"sv, "https://api.stripe.com@evil.example/"sv, "http://evil.example\\@a/"sv,
                         "http://a#@b/"sv, "http://a/#x"sv, "http://a/x?y#z"sv, "http://a\\b"sv, "http://a/b\\c"sv,
                         "http://a/%2e%2e/x"sv, "http://127.1/"sv, "http://a\t/"sv}) {
    CHECK(refusal(url) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("an encoded slash is reported with the target") {
  CHECK(parse_target("https://gitlab.com/api/v4/projects/a%2fb")->encoded_slash);
  CHECK_FALSE(parse_target("https://gitlab.com/api/v4/projects/a?b=%2f")->encoded_slash);
}

TEST_CASE("only http and https have a default port") {
  CHECK(default_port("http") == 80);
  CHECK(default_port("https") == 443);
  CHECK(default_port("tcp") == 0);
}
