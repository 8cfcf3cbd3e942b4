#include "core/mcp/tool_list.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runagents::mcp;

namespace {

bool begins_with_r(std::string_view name) { return name.starts_with("r"); }

constexpr std::string_view list =
    R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read","z":1,"a":2},{"name":"delete"},{"title":"x"},{"name":"run"}],"nextCursor":"c","ttlMs":5,"cacheScope":"public","_meta":{"k":1}}})";
constexpr std::string_view filtered =
    R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"read","z":1,"a":2},{"name":"run"}],"nextCursor":"c","ttlMs":5,"cacheScope":"private","_meta":{"k":1}}})";

}  // namespace

TEST_CASE("tools that may not be seen are gone, and the rest stays as it was") {
  CHECK(filter_response(list, begins_with_r) == filtered);
}

TEST_CASE("a list of which all may be seen is still not for everybody") {
  const auto whole = filter_response(list, [](std::string_view) { return true; });
  REQUIRE(whole);
  CHECK(nlohmann::json::parse(*whole)["result"]["cacheScope"] == "private");
}

TEST_CASE("answers without a list of tools pass byte for byte") {
  for (const auto* text :
       {R"({ "jsonrpc": "2.0", "id": 1, "result": {"content": []} })",
        R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}})",
        R"({"jsonrpc":"2.0","method":"notifications/message","params":{"tools":[{"name":"delete"}]}})",
        R"([{"jsonrpc":"2.0","id":1,"result":{}}])"}) {
    CHECK(filter_response(text, begins_with_r) == text);
  }
}

TEST_CASE("in an array each list is filtered") {
  CHECK(filter_response("[" + std::string{list} + "]", begins_with_r) == "[" + std::string{filtered} + "]");
}

TEST_CASE("what has no single reading is not passed on") {
  for (const auto* text : {"", "x", R"({"result":{"tools":[]},"result":{"tools":[{"name":"delete"}]}})", "{} {}"}) {
    CHECK_FALSE(filter_response(text, begins_with_r));
  }
}

TEST_CASE("in a stream the list is filtered, and all else passes as it comes, at every fragment size") {
  const std::string text =
      ": hello\n\nid: 1\ndata:\n\nevent: message\nid: 2\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"x\"}\n\n"
      "id: 3\r\ndata: " +
      std::string{list} + "\r\n\r\nevent: other\ndata: not json\n\n";
  for (std::size_t step = 1; step < text.size(); step += 7) {
    ToolListStream stream{begins_with_r, 4096};
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += step) {
      const auto passed = stream.pass(std::string_view{text}.substr(at, step));
      REQUIRE(passed);
      out += *passed;
    }
    CHECK(out.starts_with(": hello\n\nid: 1\ndata:\n\nevent: message\nid: 2\ndata: {\"jsonrpc\""));
    CHECK(out.find("id: 3\ndata: " + std::string{filtered} + "\n\n") != std::string::npos);
    CHECK(out.find("delete") == std::string::npos);
    CHECK(out.ends_with("event: other\ndata: not json\n\n"));
  }
}

TEST_CASE("a stream ends at an event that cannot be looked into") {
  ToolListStream broken{begins_with_r, 4096};
  CHECK_FALSE(broken.pass("data: {\n\n"));
  ToolListStream small{begins_with_r, 10};
  CHECK_FALSE(small.pass("data: {\"jsonrpc\":\"2.0\"}\n\n"));
}
