#include "server/mcp/answer.hpp"

#include <nlohmann/json.hpp>

#include "core/api/reason.hpp"
#include "core/mcp/answer.hpp"
#include "server/routes/router.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

/// Codes of our own stand outside of what JSON-RPC reserves; these are those of the same refusals over HTTP.
int json_rpc_code(const Error& error) {
  const auto* reason = api::find_reason(error.reason);
  return reason != nullptr ? reason->http_status : http_status(error.code);
}

json why(const Error& error, const Decision& decision) {
  json out{{"code", error.reason.empty() ? std::string{word(error.code)} : error.reason}};
  if (!error.hint.empty()) out["hint"] = error.hint;
  if (error.reason != "policy_denied") return out;
  out["side"] = decision.side;
  if (!decision.policy_id.empty()) out["policy_id"] = decision.policy_id;
  return out;
}

std::string written(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

bool is_bad_credential(const Error& error) noexcept { return error.code == ErrorCode::unauthenticated; }

RefusedAnswer refused_answer(const Error& error, std::string_view request_id, std::string_view resource_metadata,
                             const Decision& decision) {
  const auto response = error_response(error, request_id);
  RefusedAnswer answer{.status = response.status, .fields = {}, .body = response.body};
  if (error.reason == "policy_denied") {
    auto body = nlohmann::ordered_json::parse(response.body);
    body.update(nlohmann::ordered_json(why(error, decision)));
    answer.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  if (is_bad_credential(error)) {
    answer.fields.append("WWW-Authenticate: Bearer resource_metadata=\"").append(resource_metadata).append("\"");
    if (error.reason == "invalid_token") answer.fields.append(", error=\"invalid_token\"");
    answer.fields.append("\r\n");
  }
  answer.fields.append("Cache-Control: no-store\r\n");
  if (!request_id.empty()) answer.fields.append("X-Request-Id: ").append(request_id).append("\r\n");
  return answer;
}

std::string refused_messages(const mcp::Messages& messages, mcp::ProtocolVersion version, const Error& error,
                             const Decision& decision) {
  const auto reason = why(error, decision);
  std::string out;
  for (const auto& message : messages.all) {
    if (message.kind != mcp::MessageKind::request) continue;
    out.append(out.empty() ? "" : ",");
    if (message.is_tool_call()) {
      out.append(mcp::write_result(message.id, mcp::refusal_result(error.message, reason), version));
    } else {
      out.append(mcp::write_error(message.id, json_rpc_code(error), error.message, written(reason)));
    }
  }
  return messages.batch && !out.empty() ? "[" + out + "]" : out;
}

}  // namespace runagents::server
