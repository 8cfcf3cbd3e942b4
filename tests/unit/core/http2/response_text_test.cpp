#include "core/http2/response_text.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

using namespace runagents;
using http2::ResponseText;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// The text of a head, or nothing.
std::string head_of(const Fields& fields, const http::HeadLimits& limits = {}) {
  ResponseText section{limits};
  section.begin_head();
  for (const auto& [name, value] : fields) {
    if (!section.add(name, value)) return {};
  }
  return section.end() ? section.text() : std::string{};
}

http::ResponseHead read(const std::string& text, std::string_view method, bool has_ended) {
  http::ResponseHead head;
  REQUIRE(http2::read_head(text, method, {}, has_ended, head));
  return head;
}

}  // namespace

TEST_CASE("a head is written down as HTTP/1.1 has it") {
  CHECK(head_of({{":status", "200"}, {"x-a", "1"}, {"x-a", ""}, {"set-cookie", "b=\xe9"}}) ==
        "HTTP/1.1 200 \r\nx-a: 1\r\nx-a: \r\nset-cookie: b=\xe9\r\n\r\n");
}

TEST_CASE("what has no such form is refused") {
  const Fields ok = {{":status", "200"}};
  for (const Fields& fields : std::vector<Fields>{
           {},
           {{"x-a", "1"}},
           {{"x-a", "1"}, {":status", "200"}},
           {{":status", "200"}, {":status", "200"}},
           {{":status", "20"}},
           {{":status", "2000"}},
           {{":status", "+20"}},
           {{":status", "101"}},
           {{":status", "099"}},
           {{":status", "200"}, {":path", "/"}},
           {{":status", "200"}, {"X-A", "1"}},
           {{":status", "200"}, {"", "1"}},
           {{":status", "200"}, {"a b", "1"}},
           {{":status", "200"}, {"a:b", "1"}},
           {{":status", "200"}, {"a", "1\r\nb: 2"}},
           {{":status", "200"}, {"a", "1\n"}},
           {{":status", "200"}, {"a", std::string(1, '\0')}},
           {{":status", "200"}, {"connection", "close"}},
           {{":status", "200"}, {"transfer-encoding", "chunked"}},
           {{":status", "200"}, {"upgrade", "x"}},
           {{":status", "200"}, {"keep-alive", "5"}},
       }) {
    CHECK(head_of(fields).empty());
  }
  CHECK_FALSE(head_of(ok).empty());
}

TEST_CASE("a head is bounded in fields and in bytes") {
  Fields fields = {{":status", "200"}, {"a", "1"}, {"b", "2"}};
  CHECK_FALSE(head_of(fields, {.max_head_bytes = 1000, .max_fields = 2}).empty());
  CHECK(head_of(fields, {.max_head_bytes = 1000, .max_fields = 1}).empty());
  fields[1].second = std::string(900, 'x');
  CHECK_FALSE(head_of(fields, {.max_head_bytes = 1000, .max_fields = 2}).empty());
  fields[1].second = std::string(980, 'x');
  CHECK(head_of(fields, {.max_head_bytes = 1000, .max_fields = 2}).empty());
}

TEST_CASE("trailers have no status") {
  ResponseText section{{}};
  section.begin_trailers();
  CHECK(section.add("x-sum", "1"));
  CHECK(section.end());
  CHECK(section.text() == "x-sum: 1\r\n\r\n");
  section.begin_trailers();
  CHECK_FALSE(section.add(":status", "200"));
}

TEST_CASE("how the body ends is said by the head and by the stream") {
  const auto plain = head_of({{":status", "200"}});
  const auto sized = head_of({{":status", "200"}, {"content-length", "5"}});
  const auto empty = head_of({{":status", "200"}, {"content-length", "0"}});
  CHECK(read(plain, "GET", false).framing == http::Framing::chunked);
  CHECK(read(plain, "GET", true).framing == http::Framing::none);
  CHECK(read(plain, "HEAD", false).framing == http::Framing::none);
  CHECK(read(sized, "GET", false).framing == http::Framing::length);
  CHECK(read(sized, "GET", false).content_length == 5);
  CHECK(read(sized, "HEAD", true).framing == http::Framing::none);
  CHECK(read(empty, "GET", false).framing == http::Framing::chunked);
  CHECK(read(head_of({{":status", "204"}}), "GET", false).framing == http::Framing::none);
  CHECK(read(plain, "GET", true).keep_alive);
  http::ResponseHead head;
  CHECK_FALSE(http2::read_head(sized, "GET", {}, true, head));
  CHECK_FALSE(http2::read_head(head_of({{":status", "200"}, {"content-length", "x"}}), "GET", {}, false, head));
  CHECK_FALSE(http2::read_head(head_of({{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}}), "GET",
                               {}, false, head));
}
