#include "core/mcp/post.hpp"

#include <array>
#include <doctest/doctest.h>
#include <vector>

#include <nlohmann/json.hpp>

using namespace runagents;
using namespace runagents::mcp;

namespace {

using Fields = std::vector<http::Field>;

constexpr std::string_view call =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
constexpr std::string_view legacy_call = R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get"}})";
constexpr std::string_view batch = R"([{"jsonrpc":"2.0","id":1,"method":"ping"}])";

Fields with(Fields more) {
  Fields fields{{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Fields modern(Fields more = {}) {
  Fields fields{{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/call"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return with(fields);
}

struct Outcome {
  int status = 0;
  int code = 0;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(const Fields& fields, std::string_view body, const PostRules& rules = {}) {
  const auto post = read_post(fields, body, rules);
  return post ? Outcome{} : Outcome{post.error().status, post.error().code};
}

constexpr Outcome passes{};
constexpr Outcome mismatch{400, error_code::header_mismatch};
constexpr Outcome bad_params{400, error_code::invalid_params};
constexpr Outcome bad_request{400, error_code::invalid_request};

}  // namespace

TEST_CASE("a legacy call needs no field but its type, and an absent version is the assumed one") {
  const auto post = read_post(with({}), legacy_call);
  REQUIRE(post);
  CHECK(post->version == ProtocolVersion::v2025_03_26);
  CHECK(read_post(with({{"mcp-protocol-version", "2025-11-25"}}), legacy_call)->version ==
        ProtocolVersion::v2025_11_25);
}

TEST_CASE("initialize speaks what it asks for") {
  const auto text = [](std::string_view version) {
    return R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":")" + std::string{version} +
           R"("}})";
  };
  CHECK(read_post(with({}), text("2025-06-18"))->version == ProtocolVersion::v2025_06_18);
  CHECK(read_post(with({}), text("1999-01-01"))->version == assumed_version);
}

TEST_CASE("the body is JSON in UTF-8 without a content coding") {
  constexpr Outcome media{415, error_code::invalid_request};
  for (const auto* type : {"text/plain", "application/json; charset=utf-16", "application/json-seq", "",
                           "application/json; charset=utf-8; charset=utf-16", "text/html, application/json"}) {
    CAPTURE(type);
    CHECK(outcome({{"Content-Type", type}}, legacy_call) == media);
  }
  CHECK(outcome({}, legacy_call) == media);
  CHECK(outcome({{"Content-Type", "Application/JSON ; charset=UTF-8"}}, legacy_call) == passes);
  CHECK(outcome(with({{"Content-Encoding", "gzip"}}), legacy_call) == media);
  CHECK(outcome(with({{"Content-Encoding", "identity"}}), legacy_call) == passes);
  CHECK(outcome(with({{"Content-Type", "application/json"}}), legacy_call) == mismatch);
}

TEST_CASE("a version that is not spoken here is refused with those that are") {
  const auto post = read_post(with({{"MCP-Protocol-Version", "1900-01-01"}}), legacy_call);
  REQUIRE_FALSE(post);
  CHECK(post.error().status == 400);
  CHECK(post.error().code == error_code::unsupported_version);
  CHECK(post.error().id == "1");
  const auto data = nlohmann::json::parse(post.error().data);
  CHECK(data["requested"] == "1900-01-01");
  CHECK(data["supported"].size() == protocol_versions.size());

  constexpr std::array spoken = {ProtocolVersion::v2025_11_25};
  CHECK(outcome(with({}), legacy_call, {.versions = spoken}) == Outcome{400, error_code::unsupported_version});
}

TEST_CASE("arrays belong to 2025-03-26 only") {
  CHECK(outcome(with({}), batch) == passes);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2025-03-26"}}), batch) == passes);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2025-06-18"}}), batch) == bad_request);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2024-11-05"}}), batch) == bad_request);
}

TEST_CASE("modern calls say in their fields what their bodies say") {
  CHECK(outcome(modern({{"Mcp-Name", "get"}}), call) == passes);
  CHECK(outcome(modern({{"Mcp-Name", "=?base64?Z2V0?="}}), call) == passes);
  CHECK(outcome(modern({{"Mcp-Name", "=?base64?Z2V0?"}}), call) == mismatch);
  CHECK(outcome(modern({{"Mcp-Name", "Get"}}), call) == mismatch);
  CHECK(outcome(modern({{"Mcp-Name", "put"}}), call) == mismatch);
  CHECK(outcome(modern({{"Mcp-Name", "get"}, {"Mcp_Name", "put"}}), call) == mismatch);
  CHECK(outcome(modern(), call) == mismatch);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Name", "get"}}), call) == mismatch);
  CHECK(outcome(with({{"Mcp-Method", "tools/call"}, {"Mcp-Name", "get"}}), call) == mismatch);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2025-11-25"}}), call) == mismatch);
  CHECK(outcome(modern({{"Mcp-Name", "get"}}), legacy_call) == bad_params);
}

TEST_CASE("fields that mirror the body are held against it in every version") {
  CHECK(outcome(with({{"Mcp-Name", "other"}}), legacy_call) == mismatch);
  CHECK(outcome(with({{"Mcp-Method", "tools/list"}}), legacy_call) == mismatch);
  CHECK(outcome(with({{"Mcp-Method", "tools/call"}, {"Mcp-Name", "get"}}), legacy_call) == passes);
}

TEST_CASE("modern requests say what their client can do, and answers do not come in") {
  const auto text = [](std::string_view meta) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{)" + std::string{meta} + "}}}";
  };
  const auto fields = with({{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", "tools/list"}});
  constexpr std::string_view version = R"("io.modelcontextprotocol/protocolVersion":"2026-07-28")";
  const std::string whole = std::string{version} + R"(,"io.modelcontextprotocol/clientCapabilities":)";
  CHECK(outcome(fields, text(whole + "{}")) == passes);
  CHECK(outcome(fields, text(version)) == bad_params);
  CHECK(outcome(fields, text(whole + "1")) == bad_params);
  CHECK(outcome(fields, text("")) == bad_params);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2026-07-28"}}), R"({"jsonrpc":"2.0","id":1,"result":{}})") ==
        bad_request);
  CHECK(outcome(with({{"MCP-Protocol-Version", "2026-07-28"}}), batch) == bad_request);
}

TEST_CASE("a server insists on both forms of an answer") {
  constexpr Outcome refused{406, error_code::invalid_request};
  const PostRules rules{.check_accept = true};
  const auto accepting = [](std::string_view accept) {
    return Fields{{"Content-Type", "application/json"}, {"Accept", accept}};
  };
  CHECK(outcome(accepting("text/event-stream, application/json;q=0.5"), legacy_call, rules) == passes);
  CHECK(outcome(accepting("*/*"), legacy_call, rules) == passes);
  CHECK(outcome(accepting("application/json"), legacy_call, rules) == refused);
  CHECK(outcome({{"Content-Type", "application/json"}}, legacy_call, rules) == refused);
}

TEST_CASE("values for fields are encoded as the specification shows") {
  CHECK(encode_field_value("us-west1") == "us-west1");
  CHECK(encode_field_value("Hello, 世界") == "=?base64?SGVsbG8sIOS4lueVjA==?=");
  CHECK(encode_field_value(" padded ") == "=?base64?IHBhZGRlZCA=?=");
  CHECK(encode_field_value("line1\nline2") == "=?base64?bGluZTEKbGluZTI=?=");
  CHECK(encode_field_value("=?base64?literal?=") == "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=");
}

TEST_CASE("ids of sessions are visible ASCII") {
  CHECK(is_session_id("1868a90c-~!"));
  CHECK_FALSE(is_session_id(""));
  CHECK_FALSE(is_session_id("a b"));
  CHECK_FALSE(is_session_id("a\x7f"));
}
