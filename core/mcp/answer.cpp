#include "core/mcp/answer.hpp"

#include <nlohmann/json.hpp>

namespace runagents::mcp {
namespace {

using nlohmann::json;

// Text that comes from elsewhere may not be UTF-8; an answer must be all the same.
std::string write(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string begin(std::string_view id) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text.append(id.empty() ? "null" : id);
  return text;
}

}  // namespace

std::string write_error(std::string_view id, int code, std::string_view message, std::string_view data) {
  auto text = begin(id);
  text.append(R"(,"error":{"code":)").append(std::to_string(code)).append(R"(,"message":)").append(write(message));
  if (!data.empty()) text.append(R"(,"data":)").append(data);
  return text + "}}";
}

std::string write_error(const ProtocolError& error) {
  return write_error(error.id, error.code, error.message, error.data);
}

std::string write_result(std::string_view id, json result, ProtocolVersion version) {
  if (is_modern(version) && !result.contains("resultType")) result["resultType"] = "complete";
  return begin(id) + R"(,"result":)" + write(result) + "}";
}

json refusal_result(std::string_view text, const json& why) {
  return {
      {"content", json::array({{{"type", "text"}, {"text", text}}})}, {"isError", true}, {"structuredContent", why}};
}

}  // namespace runagents::mcp
