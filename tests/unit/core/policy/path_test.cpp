#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "core/policy/target.hpp"

using namespace std::string_view_literals;
using runagents::model::RefusalCode;
using runagents::policy::canonical_path;
using runagents::policy::check_query;

namespace {

std::string canonical(std::string_view raw) {
  std::string scratch;
  const auto path = canonical_path(raw, scratch);
  return path ? std::string(path->text) : "refused: " + path.error().message;
}

RefusalCode refusal(std::string_view raw) {
  std::string scratch;
  const auto path = canonical_path(raw, scratch);
  CAPTURE(raw);
  REQUIRE_FALSE(path.has_value());
  CHECK_FALSE(path.error().message.empty());
  return path.error().code;
}

bool returns_a_view_of(std::string_view raw) {
  std::string scratch;
  const auto path = canonical_path(raw, scratch);
  return path && path->text.data() == raw.data() && scratch.empty();
}

}  // namespace

TEST_CASE("a canonical path is returned as a view of the input") {
  for (const auto raw : {"/"sv, "/v1/charges"sv, "//v1//x/"sv, "/.well-known/openid"sv, "/a%20b"sv, "/a..b/...x"sv,
                         "/caf%C3%A9"sv, "/a:b@c;d=1,2!$&'()*+"sv, "/~user/-_.x"sv, "/%2F"sv, "/100%25"sv}) {
    CAPTURE(raw);
    CHECK(returns_a_view_of(raw));
  }
}

TEST_CASE("encoded unreserved characters are decoded and hex digits upper-cased") {
  CHECK(canonical("/%76%31/%63harges") == "/v1/charges");
  CHECK(canonical("/%7euser/%2d%5F") == "/~user/-_");
  CHECK(canonical("/a%3ab%c3%a9") == "/a%3Ab%C3%A9");
}

TEST_CASE("reserved characters keep their encoding") { CHECK(canonical("/a%3Ab%40c%3Bd%2Be") == "/a%3Ab%40c%3Bd%2Be"); }

TEST_CASE("dot segments are removed") {
  CHECK(canonical("/a/./b") == "/a/b");
  CHECK(canonical("/a/../b") == "/b");
  CHECK(canonical("/a/b/..") == "/a/");
  CHECK(canonical("/a/.") == "/a/");
  CHECK(canonical("/a/..") == "/");
  CHECK(canonical("/.") == "/");
  CHECK(canonical("/a/b/c/./../../g") == "/a/g");
  CHECK(canonical("/v1/%2e%2E/admin") == "/admin");
  CHECK(canonical("/v1/%2e/admin") == "/v1/admin");
  CHECK(canonical("/v1/.%2e/admin") == "/admin");
}

TEST_CASE("duplicate slashes are kept") {
  CHECK(canonical("//a///b//") == "//a///b//");
  CHECK(canonical("/a//../b") == "/a/b");
  CHECK(canonical("//..") == "/");
}

TEST_CASE("climbing above the root is ambiguous") {
  for (const auto raw : {"/.."sv, "/../x"sv, "/a/../../b"sv, "/%2e%2e/x"sv, "/./.."sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("what programs read differently is ambiguous") {
  for (const auto raw : {"/a\\b"sv, "/a%5Cb"sv, "/a%5cb"sv, "/a%00"sv,           "/a%0d%0ab"sv,
                         "/a%7F"sv, "/a\x01"sv, "/a\x7f"sv, "/a\x00/b"sv,        "/caf\xc3\xa9"sv,
                         "/a%"sv,   "/a%2"sv,   "/a%zz"sv,  "/a%%32"sv,          "/%u002e"sv,
                         "/a#b"sv,  "/a?b"sv,   "/a\tb"sv,  "/%C0%AE%C0%AE/x"sv, "/%c0%af"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("dot segments with parameters are ambiguous") {
  for (const auto raw : {"/a/..;/b"sv, "/a/..;x=1/b"sv, "/a/.;/b"sv, "/a/%2e%2e;/b"sv, "/a/..%3B/b"sv, "/a/..%3bx"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
  CHECK(canonical("/a/...;x/b;y") == "/a/...;x/b;y");
}

TEST_CASE("a segment that further decodings turn into a dot segment is ambiguous") {
  for (const auto raw :
       {"/a/%252e%252e/b"sv, "/a/%252e/b"sv, "/a/.%252e/b"sv, "/a/%25252e%25252e/b"sv, "/a/%25%32%65/b"sv,
        "/a/..%252fb"sv, "/a/b%255c..%255cc"sv, "/a/..%2500/b"sv, "/a/%252e%252e%253B/b"sv, "/a/%25%2532e/b"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
  CHECK(canonical("/a/%2520b") == "/a/%2520b");
  CHECK(canonical("/a/%252520b") == "/a/%252520b");
  CHECK(canonical("/a/b%252e") == "/a/b%252e");
}

TEST_CASE("a segment that is encoded over and over is refused without decoding it to the end") {
  std::string raw = "/%";
  for (int i = 0; i < 200000; ++i) raw += "25";
  CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  CHECK(refusal("/%25252525252525252520") == RefusalCode::ambiguous_target);
}

TEST_CASE("an encoded slash is reported, and refused together with dot segments") {
  std::string scratch;
  const auto path = canonical_path("/projects/group%2fname", scratch);
  REQUIRE(path);
  CHECK(path->encoded_slash);
  CHECK(path->text == "/projects/group%2Fname");
  CHECK_FALSE(canonical_path("/projects/group", scratch)->encoded_slash);
  for (const auto raw : {"/a%2F../b"sv, "/..%2Fb"sv, "/a%2F..%2Fb"sv, "/a%2Fb/../c"sv, "/a/.%2Fb"sv, "/./a%2Fb"sv}) {
    CHECK(refusal(raw) == RefusalCode::ambiguous_target);
  }
}

TEST_CASE("what is no path at all is a bad request") {
  for (const auto raw : {""sv, "a"sv, "*"sv, "a/b"sv, "/a b"sv, "/a\r\nb"sv, "/a\nb"sv})
    CHECK(refusal(raw) == RefusalCode::bad_request);
}

TEST_CASE("a query is sent as it is unless a byte has no place there") {
  for (const auto query : {""sv, "a=b&c=%2F../"sv, "x=%zz"sv, "q?=/\\"sv, "a[]=1|2"sv}) CHECK(check_query(query));
  for (const auto query : {"a#b"sv, "a\x01"sv, "a\xff"sv, "a\x00"sv, "\x7f"sv}) {
    CHECK(check_query(query).error().code == RefusalCode::ambiguous_target);
  }
  for (const auto query : {"a b"sv, "a\r\nb"sv}) CHECK(check_query(query).error().code == RefusalCode::bad_request);
}
