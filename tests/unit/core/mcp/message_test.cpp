#include "core/mcp/message.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runagents::mcp;

namespace {

int code_of(std::string_view text) {
  const auto read = read_messages(text);
  return read ? 0 : read.error().code;
}

Message only(std::string_view text) {
  const auto read = read_messages(text);
  REQUIRE_MESSAGE(read, read.error().message);
  REQUIRE(read->all.size() == 1);
  return read->all.front();
}

}  // namespace

TEST_CASE("a call of a tool names the tool and has its arguments") {
  const auto message = only(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get","arguments":{"city":"Bonn"},"_meta":{"a":"b"}}})");
  CHECK(message.kind == MessageKind::request);
  CHECK(message.id == "7");
  CHECK(message.is_tool_call());
  CHECK(message.name == "get");
  CHECK(operation(message) == "get");
  CHECK_FALSE(is_upkeep(message));
  CHECK((*message.arguments())["city"] == "Bonn");
  CHECK(*message.meta_text("a") == "b");
}

TEST_CASE("names are what escapes stand for") {
  const auto message =
      only(R"({"jsonrpc":"2.0","id":"a","m\u0065thod":"tools\/call","params":{"na\u006de":"delete\u005fall"}})");
  CHECK(message.name == "delete_all");
  CHECK(message.id == "\"a\"");
  CHECK(message.arguments() == nullptr);
}

TEST_CASE("kinds are told apart") {
  CHECK(only(R"({"jsonrpc":"2.0","method":"notifications/initialized"})").kind == MessageKind::notification);
  CHECK(only(R"({"jsonrpc":"2.0","id":1,"result":{}})").kind == MessageKind::response);
  CHECK(only(R"({"jsonrpc":"2.0","error":{"code":1,"message":"x"}})").kind == MessageKind::response);
  CHECK(operation(only(R"({"jsonrpc":"2.0","id":1,"result":{}})")) == "response");
}

TEST_CASE("what acts is no upkeep, whatever it calls itself") {
  const auto upkeep = [](std::string_view method, bool request = true) {
    return is_upkeep(only(R"({"jsonrpc":"2.0",)" + std::string{request ? R"("id":1,)" : ""} + R"("method":")" +
                          std::string{method} + R"(","params":{"name":"x","uri":"y"}})"));
  };
  for (const auto* method : {"initialize", "ping", "tools/list", "server/discover", "logging/setLevel"}) {
    CHECK(upkeep(method));
  }
  for (const auto* method : {"resources/read", "resources/list", "prompts/get", "completion/complete", "tasks/result",
                             "tools/call", "tools/cal", "Initialize", "unknown"}) {
    CHECK_FALSE(upkeep(method));
  }
  CHECK(upkeep("notifications/cancelled", false));
  CHECK_FALSE(upkeep("notifications/cancelled"));
  CHECK_FALSE(upkeep("tools/call", false));
}

TEST_CASE("a notification by the name of tools/call is an operation on that tool") {
  CHECK(operation(only(R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}})")) == "x");
}

TEST_CASE("what two programs could read differently is no message") {
  constexpr int parse = error_code::parse_error;
  constexpr int invalid = error_code::invalid_request;
  constexpr int params = error_code::invalid_params;
  const std::string head = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)";
  struct Case {
    std::string text;
    int code;
  };
  for (const auto& [text, code] : std::initializer_list<Case>{
           {"", parse},
           {"1", parse},
           {"{}", invalid},
           {head + R"({"name":"a"}}{})", parse},
           {"\xef\xbb\xbf" + head + R"({"name":"a"}})", parse},
           {head + R"({"name":"a","name":"b"}})", parse},
           {head + R"({"name":"a","n\u0061me":"b"}})", parse},
           {head + R"({"name":"a","Name":"b"}})", parse},
           {head + R"({"Name":"a"}})", params},
           {head + R"({"name":"a","Arguments":{}}})", params},
           {head + R"({"name":"a","argument)" + "\xc5\xbf" + R"(":{}}})", params},
           {head + R"({"name":"a","arguments":{"x":1,"X":2}}})", parse},
           {head + R"({"name":"a","arguments":{"x\u0000":1}}})", parse},
           {head + R"({"name":"a","arguments":[1]}})", params},
           {head + R"({"name":"a","arguments":{"x":123456789012345678901}}})", parse},
           {head + R"({"name":"a","arguments":{"x":0.12345678901234567890}}})", parse},
           {head + R"({"name":"a","arguments":{"x":1e-999}}})", parse},
           {head + R"({"name":"a","arguments":{"x":1e999}}})", parse},
           {head + "{\"name\":\"a\xff\"}}", parse},
           {head + R"({"name":"\ud800"}})", parse},
           {head + R"({"name":"a\u0000"}})", params},
           {head + R"({"name":"a\u009b"}})", params},
           {head + R"({"name":""}})", params},
           {head + R"({"name":5}})", params},
           {head + R"({"arguments":{}}})", params},
           {head + R"([])" + "}", params},
           {head + R"({"name":"a","_meta":1}})", params},
           {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", params},
           {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", invalid},
           {R"({"jsonrpc":"2.0","id":1.0,"method":"ping"})", invalid},
           {R"({"jsonrpc":"2.0","id":true,"method":"ping"})", invalid},
           {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", invalid},
           {R"({"id":1,"method":"ping"})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"})", parse},
           {R"({"jsonrpc":"2.0","id":1,"method":"ping","extra":1})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"METHOD":"ping"})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", invalid},
           {R"({"jsonrpc":"2.0","result":{}})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"method":"pi ng"})", invalid},
           {R"({"jsonrpc":"2.0","id":1,"method":""})", invalid},
           {R"([])", invalid},
           {R"([1])", invalid},
           {R"([[{"jsonrpc":"2.0","id":1,"method":"ping"}]])", invalid},
       }) {
    CAPTURE(text);
    CHECK(code_of(text) == code);
  }
}

TEST_CASE("numbers that everybody keeps pass") {
  const auto message = only(
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":18446744073709551615,"b":-0.1e-5,"c":0.0,"d":1e300,"e":0.30000000000000004}}})");
  CHECK((*message.arguments())["a"] == 18446744073709551615U);
}

TEST_CASE("nesting and numbers of messages are bounded") {
  const auto nested = [](std::size_t depth) {
    return R"({"jsonrpc":"2.0","id":1,"method":"x","params":{"a":)" + std::string(depth, '[') +
           std::string(depth, ']') + "}}";
  };
  CHECK(code_of(nested(60)) == 0);
  CHECK(code_of(nested(70)) == error_code::parse_error);
  std::string batch = "[";
  for (int i = 0; i < 65; ++i) batch += R"({"jsonrpc":"2.0","method":"notifications/x"},)";
  batch.back() = ']';
  CHECK(code_of(batch) == error_code::invalid_request);
}

TEST_CASE("an array is read message by message, and one that is bad spoils it") {
  const auto read = read_messages(
      R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"b"}}])");
  REQUIRE(read);
  CHECK(read->batch);
  CHECK(read->has_request());
  CHECK(read->all[1].name == "b");
  CHECK(code_of(R"([{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"tools/call"}])") ==
        error_code::invalid_params);
}

TEST_CASE("an error knows the request when its id could be read, and repeats nothing of it") {
  const auto read = read_messages(R"({"jsonrpc":"2.0","id":"abc","method":"tools/call","params":{"secret":1}})");
  REQUIRE_FALSE(read);
  CHECK(read.error().id == "\"abc\"");
  CHECK(read.error().message.find("secret") == std::string::npos);
}

TEST_CASE("in one line there are no line feeds, and texts stay") {
  CHECK(in_one_line("{ \"a\" :\n [1,\t\"b \\\" \\\\\" ,\r\n \"c d\"] }") == R"({"a":[1,"b \" \\","c d"]})");
}
