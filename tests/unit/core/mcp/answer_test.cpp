#include "core/mcp/answer.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace runagents::mcp;

TEST_CASE("errors carry the id of the request, or null") {
  CHECK(write_error("\"a\"", -32601, "no \"such\" method") ==
        R"({"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no \"such\" method"}})");
  CHECK(write_error(ProtocolError{.code = error_code::parse_error, .message = "m", .data = "{}"}) ==
        R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m","data":{}}})");
}

TEST_CASE("a refusal is a result that a model reads") {
  const auto result = refusal_result("policy denies it", {{"code", "POLICY_DENIED"}});
  const auto legacy = nlohmann::json::parse(write_result("7", result, ProtocolVersion::v2025_11_25));
  CHECK(legacy["id"] == 7);
  CHECK(legacy["result"]["isError"] == true);
  CHECK(legacy["result"]["content"][0]["text"] == "policy denies it");
  CHECK(legacy["result"]["structuredContent"]["code"] == "POLICY_DENIED");
  CHECK_FALSE(legacy["result"].contains("resultType"));
  const auto modern = nlohmann::json::parse(write_result("7", result, ProtocolVersion::v2026_07_28));
  CHECK(modern["result"]["resultType"] == "complete");
}
