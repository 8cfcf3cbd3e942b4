#include "core/http2/request_block.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

using namespace runagents::http2;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

Fields written(std::string_view head, bool wants_trailers = false) {
  HeaderBlock block;
  write_request(block, head, "https", wants_trailers);
  Fields fields;
  for (const auto& field : block.fields()) {
    fields.emplace_back(std::string{reinterpret_cast<const char*>(field.name), field.namelen},
                        std::string{reinterpret_cast<const char*>(field.value), field.valuelen});
  }
  return fields;
}

}  // namespace

TEST_CASE("a head becomes pseudo-header fields and fields in lower case") {
  CHECK(written("GET /a?b=c%20 HTTP/1.1\r\nHost: t.example:8443\r\nX-Mine: One  two\r\nAccept: */*\r\n\r\n") ==
        Fields{{":method", "GET"},
               {":scheme", "https"},
               {":authority", "t.example:8443"},
               {":path", "/a?b=c%20"},
               {"x-mine", "One  two"},
               {"accept", "*/*"}});
}

TEST_CASE("what is of one connection stays there") {
  CHECK(written(
            "POST / HTTP/1.1\r\nConnection: Upgrade\r\nhost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: x\r\n"
            "TE: gzip\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\nHTTP2-Settings: AAA\r\nContent-Length: 3\r\n\r\n",
            true) == Fields{{":method", "POST"},
                            {":scheme", "https"},
                            {":authority", "a"},
                            {":path", "/"},
                            {"content-length", "3"},
                            {"te", "trailers"}});
}

TEST_CASE("a target may hold anything but blanks") {
  CHECK(written("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")[3].second == "*");
  CHECK(written("GET /\"{}\xff HTTP/1.1\r\nHost: a\r\n\r\n")[3].second == "/\"{}\xff");
}
