#include "core/http2/request_text.hpp"

#include <doctest/doctest.h>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace runagents;
using namespace std::string_literals;
using http2::RequestText;
using http2::TargetForm;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Way {
  bool has_body = false;
  TargetForm form = TargetForm::origin;
  std::string_view scheme = "http";
  http::HeadLimits limits = {};
};

/// What a parser of HTTP/1.1 reads: the request line and the fields. Nothing when it was refused.
std::string read(const Fields& fields, const Way& way = {}) {
  RequestText text;
  for (const auto& [name, value] : fields) {
    if (!text.add(name, value)) return {};
  }
  http::RequestHead head;
  if (!text.finish(way.has_body, way.form, way.scheme, way.limits, head)) return {};
  auto found = std::string{head.method} + " " + std::string{head.target};
  for (const auto& field : head.fields) found.append("|").append(field.name).append(": ").append(field.value);
  return found;
}

Fields request(std::string method, std::string path, const Fields& more = {}) {
  Fields fields = {
      {":method", std::move(method)}, {":scheme", "http"}, {":authority", "a:1"}, {":path", std::move(path)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Fields websocket(const Fields& more = {}) {
  auto fields = request("CONNECT", "/chat", {{":protocol", "websocket"}});
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

}  // namespace

TEST_CASE("a header section is written down as HTTP/1.1 has it") {
  CHECK(read(request("GET", "/x?y=z", {{"x-b", "1"}, {"x-a", ""}, {"x-b", "\xe9"}})) ==
        "GET /x?y=z|host: a:1|x-b: 1|x-a: |x-b: \xe9");
}

TEST_CASE("a proxy's target has scheme and authority") {
  const Way proxy{.form = TargetForm::absolute};
  CHECK(read(request("GET", "/x"), proxy) == "GET http://a:1/x|host: a:1");
  CHECK(read(request("OPTIONS", "*"), proxy) == "OPTIONS *|host: a:1");
}

TEST_CASE("the crumbs of a cookie become one field") {
  CHECK(read(request("GET", "/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}})) ==
        "GET /|host: a:1|x: y|cookie: a=1; b=2");
}

TEST_CASE("there is one host") {
  CHECK(read(request("GET", "/", {{"host", "a:1"}})) == "GET /|host: a:1");
  CHECK(read({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {"host", "b"}}) == "GET /|host: b");
  CHECK(read(request("GET", "/", {{"host", "b"}})).empty());
  CHECK(read(request("GET", "/", {{"host", "a:1"}, {"host", "a:1"}})).empty());
  CHECK(read({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}}).empty());
  CHECK(read({{":method", "GET"}, {":scheme", "http"}, {":authority", ""}, {":path", "/"}, {"host", "b"}}).empty());
}

TEST_CASE("a body without a length is chunked") {
  CHECK(read(request("POST", "/"), {.has_body = true}) == "POST /|host: a:1|transfer-encoding: chunked");
  CHECK(read(request("POST", "/", {{"content-length", "3"}}), {.has_body = true}) ==
        "POST /|host: a:1|content-length: 3");
  CHECK(read(request("POST", "/")) == "POST /|host: a:1");
}

TEST_CASE("a CONNECT names its authority and nothing else") {
  RequestText text;
  CHECK(text.add(":method", "CONNECT"));
  CHECK(text.add(":authority", "b:443"));
  CHECK(text.is_tunnel());
  CHECK_FALSE(text.is_websocket());
  http::RequestHead head;
  REQUIRE(text.finish(true, TargetForm::absolute, "https", {}, head));
  CHECK(head.method == "CONNECT");
  CHECK(head.target == "b:443");
  CHECK(head.framing == http::Framing::none);
}

TEST_CASE("a WebSocket is an upgrade with a key of our own") {
  RequestText text;
  for (const auto& [name, value] : websocket({{"sec-websocket-version", "13"}})) CHECK(text.add(name, value));
  CHECK(text.is_websocket());
  CHECK_FALSE(text.is_tunnel());
  http::RequestHead head;
  REQUIRE(text.finish(true, TargetForm::origin, "http", {}, head));
  CHECK(head.method == "GET");
  CHECK(head.target == "/chat");
  CHECK(head.wants_upgrade);
  CHECK(head.upgrade == "websocket");
  CHECK(head.framing == http::Framing::none);
  REQUIRE(head.fields.size() == 5);
  CHECK(head.fields[1].name == "sec-websocket-version");
  CHECK(head.fields[4].name == "sec-websocket-key");
  CHECK(head.fields[4].value.size() == 24);
  CHECK(read(websocket()) != read(websocket()));
}

TEST_CASE("a :protocol is for WebSockets only") {
  CHECK_FALSE(read(websocket()).empty());
  CHECK(read(websocket({{"content-length", "3"}})).empty());
  CHECK(read(request("CONNECT", "/", {{":protocol", "connect-udp"}})).empty());
  CHECK(read(request("GET", "/", {{":protocol", "websocket"}})).empty());
}

TEST_CASE("the scheme is that of the connection, where there is one") {
  auto fields = request("GET", "/");
  for (const auto& [scheme, of_connection, is_taken] : {std::tuple{"http", "http", true},
                                                        {"https", "https", true},
                                                        {"https", "http", false},
                                                        {"http", "https", false},
                                                        {"http", "", true},
                                                        {"https", "", true},
                                                        {"ftp", "", false},
                                                        {"HTTP", "", false},
                                                        {"", "", false}}) {
    CAPTURE(scheme);
    CAPTURE(of_connection);
    fields[1].second = scheme;
    CHECK(read(fields, {.scheme = of_connection}).empty() != is_taken);
  }
}

TEST_CASE("what has no such form is refused") {
  for (const Fields& fields : std::vector<Fields>{
           request("GET", ""),
           request("GET", "*"),
           request("GET", "x"),
           request("GET", "http://b/"),
           request("GET", "/a b"),
           request("GET", "/ HTTP/1.1\r\nx: y"),
           request("", "/"),
           request("G T", "/"),
           request("GET", "/", {{":status", "200"}}),
           request("GET", "/", {{":unknown", "x"}}),
           request("GET", "/", {{"", "1"}}),
           request("GET", "/", {{"a b", "1"}}),
           request("GET", "/", {{"a\r\nb", "1"}}),
           request("GET", "/", {{"a", "1\r\nb: 2"}}),
           request("GET", "/", {{"a", "1\r"}}),
           request("GET", "/", {{"a", "1\n"}}),
           request("GET", "/", {{"a", "1\0"s}}),
           request("GET", "/", {{"cookie", "a\r\nb: c"}}),
           request("GET", "/", {{"content-length", "1"}, {"content-length", "1"}}),
           request("GET", "/", {{"content-length", "+1"}}),
       }) {
    CAPTURE(fields.back().second);
    CHECK(read(fields).empty());
  }
  CHECK_FALSE(read(request("GET", "/")).empty());
}

TEST_CASE("a field of more than one line is refused as it comes") {
  RequestText text;
  for (const auto& lines : {"a\rb"s, "a\nb"s, "a\0b"s}) {
    CHECK_FALSE(text.add("x", lines));
    CHECK_FALSE(text.add(lines, "x"));
    CHECK_FALSE(text.add(":path", lines));
    CHECK_FALSE(text.add("cookie", lines));
  }
}

TEST_CASE("a header section is bounded in fields and in bytes") {
  const auto fields = request("GET", "/", {{"a", "1"}, {"b", std::string(900, 'x')}});
  CHECK_FALSE(read(fields, {.limits = {.max_head_bytes = 1000, .max_fields = 3}}).empty());
  CHECK(read(fields, {.limits = {.max_head_bytes = 1000, .max_fields = 2}}).empty());
  CHECK(read(fields, {.limits = {.max_head_bytes = 900, .max_fields = 3}}).empty());
}
