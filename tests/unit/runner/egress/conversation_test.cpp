#include "runner/egress/conversation.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>
#include <vector>

using namespace runagents;
using egress::Conversation;

namespace {

Conversation conversation(std::string_view body, std::string_view version = "2025-11-25") {
  const std::vector<http::Field> fields = {{"Content-Type", "application/json"}, {"MCP-Protocol-Version", version}};
  auto post = mcp::read_post(fields, body);
  REQUIRE(post.has_value());
  return Conversation{std::move(*post)};
}

constexpr std::string_view call =
    R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"merge","arguments":{"b":2,"a":"x"},)"
    R"("_meta":{"progressToken":5}}})";

}  // namespace

TEST_CASE("without a message the HTTP method is what is done, and it acts on nothing") {
  const Conversation conversation;
  CHECK(conversation.operation("GET") == "GET");
  CHECK(conversation.is_upkeep());
  CHECK(conversation.arguments() == nullptr);
  CHECK(conversation.methods().empty());
}

TEST_CASE("a call of a tool is an operation by the tool's name") {
  auto said = conversation(call);
  said.turn_to(said.messages().front());
  CHECK(said.operation("POST") == "merge");
  CHECK_FALSE(said.is_upkeep());
  CHECK(said.arguments() != nullptr);
  CHECK(said.tool_names() == "merge");
  CHECK(said.methods() == "tools/call");
}

TEST_CASE("another method is an operation by its own name, or upkeep") {
  auto read = conversation(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a"}})");
  read.turn_to(read.messages().front());
  CHECK(read.operation("POST") == "resources/read");
  CHECK_FALSE(read.is_upkeep());
  CHECK(read.tool_names().empty());
  CHECK(read.readable() == "{\n  \"uri\": \"file:///a\"\n}");
  auto ping = conversation(R"({"jsonrpc":"2.0","id":1,"method":"ping"})");
  ping.turn_to(ping.messages().front());
  CHECK(ping.is_upkeep());
  CHECK(ping.readable().empty());
}

TEST_CASE("turning to another message forgets the arguments of the one before") {
  auto said =
      conversation(R"([{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"merge","arguments":{}}},)"
                   R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"list"}},)"
                   R"({"jsonrpc":"2.0","id":3,"result":{}}])",
                   "2025-03-26");
  said.turn_to(said.messages()[0]);
  CHECK(said.arguments() != nullptr);
  said.turn_to(said.messages()[1]);
  CHECK(said.arguments() == nullptr);
  CHECK(said.operation("POST") == "list");
  CHECK(said.tool_names() == "merge,list");
  CHECK(said.methods() == "tools/call,tools/call,response");
}

TEST_CASE("an approval is of what is asked for, not of how it is told of") {
  auto first = conversation(call);
  first.turn_to(first.messages().front());
  auto again =
      conversation(R"({"id":"other","jsonrpc":"2.0","method":"tools/call","params":{"_meta":{"progressToken":"t"},)"
                   R"("arguments":{"a":"x","b":2},"name":"merge"}})");
  again.turn_to(again.messages().front());
  CHECK(first.action() == again.action());
  CHECK(first.readable() == "{\n  \"a\": \"x\",\n  \"b\": 2\n}");
  for (
      const auto* other :
      {R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"merge","arguments":{"b":3,"a":"x"}}})",
       R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"Merge","arguments":{"b":2,"a":"x"}}})",
       R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"merge","arguments":{"b":2,"a":"x"},"_meta":{"k":1}}})"}) {
    CAPTURE(other);
    auto changed = conversation(other);
    changed.turn_to(changed.messages().front());
    CHECK(changed.action() != first.action());
  }
}
