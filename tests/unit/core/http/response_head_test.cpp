#include <doctest/doctest.h>
#include <string>
#include <vector>

#include "core/http/head.hpp"

using namespace runagents::http;

namespace {

ResponseHead parsed(const std::string& text, std::string_view method = "GET") {
  ResponseHead head;
  const auto size = parse_response_head(text, method, {}, head);
  REQUIRE(size);
  REQUIRE(*size == text.size());
  return head;
}

}  // namespace

TEST_CASE("the end of a response body is found as RFC 9112 section 6.3 says") {
  CHECK(parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").framing == Framing::length);
  CHECK(parsed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").framing == Framing::none);
  CHECK(parsed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").framing == Framing::chunked);
  CHECK(parsed("HTTP/1.1 200 OK\r\n\r\n").framing == Framing::until_close);
  CHECK(parsed("HTTP/1.1 204 No Content\r\n\r\n").framing == Framing::none);
  CHECK(parsed("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").framing == Framing::none);
  CHECK(parsed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD").framing == Framing::none);
  CHECK(parsed("HTTP/1.1 103 Early Hints\r\n\r\n").framing == Framing::none);
}

TEST_CASE("a response that ends with its connection does not keep it alive") {
  CHECK(!parsed("HTTP/1.1 200 OK\r\n\r\n").keep_alive);
  CHECK(parsed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
  CHECK(!parsed("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n").keep_alive);
}

TEST_CASE("reasons may be empty or missing") {
  CHECK(parsed("HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n").reason.empty());
  CHECK(parsed("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n").status == 200);
  CHECK(parsed("HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n").reason == "Not Found");
}

TEST_CASE("a response with two readings is refused") {
  const std::vector<std::string> cases = {
      "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "ICY 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
  };
  for (const auto& text : cases) {
    ResponseHead head;
    CHECK_MESSAGE(!parse_response_head(text, "GET", {}, head), text);
  }
}

TEST_CASE("a status line in pieces is incomplete, not wrong") {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  ResponseHead head;
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK(parse_response_head(text.substr(0, size), "GET", {}, head).value() == 0);
  }
}
