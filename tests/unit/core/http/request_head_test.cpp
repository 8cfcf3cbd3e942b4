#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/http/head.hpp"

using namespace runagents::http;

namespace {

struct Bad {
  const char* name;
  std::string text;
};

std::expected<std::size_t, HeadError> parse(const std::string& text) {
  RequestHead head;
  return parse_request_head(text, {}, head);
}

std::string with(const std::string& lines) { return "POST /a HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n"; }

}  // namespace

TEST_CASE("a request head is read whole") {
  RequestHead head;
  const std::string text =
      "POST /v1/charges?x=1 HTTP/1.1\r\nHost: api.example.com\r\nX-A:  b c \t\r\nContent-Length: 5\r\n\r\nhello";
  const auto parsed = parse_request_head(text, {}, head);
  REQUIRE(parsed);
  CHECK(*parsed == text.size() - 5);
  CHECK(head.method == "POST");
  CHECK(head.target == "/v1/charges?x=1");
  CHECK(head.host == "api.example.com");
  REQUIRE(head.fields.size() == 3);
  CHECK(head.fields[1].value == "b c");
  CHECK(head.framing == Framing::length);
  CHECK(head.content_length == 5);
  CHECK(head.keep_alive);
}

TEST_CASE("a head in pieces is incomplete until its last byte, and reads the same then") {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n";
  RequestHead head;
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto parsed = parse_request_head(std::string_view{text}.substr(0, size), {}, head);
    REQUIRE(parsed);
    CHECK_MESSAGE(*parsed == 0, size);
  }
  CHECK(parse_request_head(text, {}, head).value() == text.size());
  CHECK(head.wants_upgrade);
}

TEST_CASE("what two programs could read differently is refused") {
  const std::vector<Bad> cases = {
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n"},
      {"bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n"},
      {"bare CR in a value", with("X: a\rb\r\n")},
      {"NUL in a value", with(std::string("X: a\0b\r\n", 8))},
      {"DEL in a value", with("X: a\x7f\r\n")},
      {"folded line", with("X: a\r\n b\r\n")},
      {"line that begins with a tab", with("\tX: a\r\n")},
      {"blank before the colon", with("X : a\r\n")},
      {"field without a name", with(": a\r\n")},
      {"field without a colon", with("X\r\n")},
      {"NUL in a name", with(std::string("X\0Y: a\r\n", 8))},
      {"two Content-Length", with("Content-Length: 1\r\nContent-Length: 2\r\n")},
      {"two equal Content-Length", with("Content-Length: 1\r\nContent-Length: 1\r\n")},
      {"list as Content-Length", with("Content-Length: 1, 1\r\n")},
      {"signed Content-Length", with("Content-Length: +1\r\n")},
      {"negative Content-Length", with("Content-Length: -1\r\n")},
      {"hexadecimal Content-Length", with("Content-Length: 0x10\r\n")},
      {"empty Content-Length", with("Content-Length: \r\n")},
      {"huge Content-Length", with("Content-Length: 99999999999999999999\r\n")},
      {"Content-Length and Transfer-Encoding", with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
      {"Transfer-Encoding and Content-Length", with("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")},
      {"two Transfer-Encoding", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"Transfer-Encoding list", with("Transfer-Encoding: gzip, chunked\r\n")},
      {"Transfer-Encoding xchunked", with("Transfer-Encoding: xchunked\r\n")},
      {"Transfer-Encoding identity", with("Transfer-Encoding: identity\r\n")},
      {"Transfer-Encoding quoted", with("Transfer-Encoding: \"chunked\"\r\n")},
      {"Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"no Host", "GET / HTTP/1.1\r\nX: a\r\n\r\n"},
      {"two Host", with("Host: other\r\n")},
      {"unknown expectation", with("Expect: 200-ok\r\n")},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
      {"lower-case protocol", "GET / http/1.1\r\nHost: h\r\n\r\n"},
      {"no version", "GET /\r\nHost: h\r\n\r\n"},
      {"two blanks in the request line", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"tab in the request line", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"blank after the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
      {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"method with a slash", "GE/T / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"endless method", std::string(40, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n"},
  };
  for (const auto& one : cases) {
    const auto parsed = parse(one.text);
    CHECK_MESSAGE(!parsed, one.name);
    if (!parsed) CHECK_MESSAGE(parsed.error().kind == HeadError::Kind::malformed, one.name);
  }
}

TEST_CASE("heads beyond the limits are too large, not malformed") {
  RequestHead head;
  const HeadLimits small{.max_head_bytes = 64, .max_fields = 2};
  const std::string many = "GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 2\r\n\r\n";
  const auto fields = parse_request_head(many, small, head);
  REQUIRE(!fields);
  CHECK(fields.error().kind == HeadError::Kind::too_large);
  const auto endless = parse_request_head("GET /" + std::string(100, 'a'), small, head);
  REQUIRE(!endless);
  CHECK(endless.error().kind == HeadError::Kind::too_large);
}

TEST_CASE("connections persist as their version and Connection say") {
  const auto keeps = [](const std::string& text) {
    RequestHead head;
    REQUIRE(parse_request_head(text, {}, head).value() == text.size());
    return head.keep_alive;
  };
  CHECK(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n"));
  CHECK(!keeps("GET / HTTP/1.0\r\n\r\n"));
  CHECK(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST_CASE("a request head is reused without remains of the last one") {
  RequestHead head;
  REQUIRE(parse_request_head(with("Content-Length: 3\r\nExpect: 100-continue\r\n"), {}, head));
  CHECK(head.expects_continue);
  REQUIRE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n\r\n", {}, head));
  CHECK(head.framing == Framing::none);
  CHECK(head.content_length == 0);
  CHECK(!head.expects_continue);
  CHECK(head.fields.size() == 1);
}
