// The REST form of the proxy: one call of a tool, and the list of tools, without any of MCP's conversation.

#include <nlohmann/json.hpp>

#include "core/mcp/tool_list.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/parts.hpp"

namespace runagents::server {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_pages = 1000;
constexpr std::size_t max_tools = 20'000;

/// A request that the MCP server itself answered with an error: a name it does not know, arguments it does not take.
Error server_error(const PeerAnswer& answer) {
  const auto message = ordered_json::parse(answer.text, nullptr, false);
  Error error{ErrorCode::unavailable, "the MCP server answered with an error", {}, "upstream_error"};
  const auto found = message.find("error");
  if (found == message.end() || !found->is_object()) return error;
  const auto text = found->find("message");
  if (text != found->end() && text->is_string()) error.message = text->get<std::string>();
  const auto code = found->find("code");
  if (code == found->end() || !code->is_number_integer()) return error;
  const auto number = code->get<std::int64_t>();
  if (number == mcp::error_code::invalid_params) error.code = ErrorCode::usage;
  if (number == mcp::error_code::method_not_found) error.code = ErrorCode::not_found;
  return error;
}

/// The result of an answer, as JSON.
std::string result_of(const PeerAnswer& answer) {
  auto message = ordered_json::parse(answer.text, nullptr, false);
  return message.contains("result") ? message["result"].dump() : "{}";
}

}  // namespace

/// A token that the server refused may have been withdrawn there: it is renewed once.
http::Task<Result<PeerAnswer>> McpEndpoint::Parts::ask_renewing(Admission& admission, std::string_view method,
                                                                std::string_view params) {
  auto answer = co_await peer_of(admission).request(admission, method, params);
  const bool is_refused = !answer && answer.error().reason == "upstream_unauthorized";
  if (!is_refused) co_return answer;
  if (!admission.credential_id.empty()) {
    if (!admission.can_renew) co_return session_expired();
    auto renewed = co_await renew(admission);
    if (!renewed) co_return std::unexpected(std::move(renewed.error()));
    answer = co_await peer_of(admission).request(admission, method, params);
    if (!answer && answer.error().reason == "upstream_unauthorized") co_return session_expired();
  }
  co_return answer;
}

http::Task<int> McpEndpoint::Parts::call_tool(ProxiedRequest request, http::Exchange& exchange) {
  const auto started = Clock::now();
  if (!audit.may_call()) {
    const int status = co_await refuse(exchange, request, no_record());
    co_return status;
  }
  auto shared = share(request);
  auto admitted =
      co_await planes.run<Admitted<AdmittedTool>>([shared](Plane& plane) { return admit_tool(plane, *shared); });
  if (!admitted) {
    const auto& refusal = admitted.error();
    const int status = co_await refuse(exchange, request, refusal);
    if (refusal.admission) {
      record(*refusal.admission, request.id,
             {.tool = refusal.tool,
              .decision = refusal.decision,
              .status = status,
              .code = refusal.error.reason,
              .started = started});
    }
    co_return status;
  }
  auto answer = co_await ask_renewing(admitted->admission, "tools/call", admitted->params);
  int status = 0;
  std::string code;
  if (answer && !answer->failed) {
    status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", result_of(*answer));
  } else {
    auto error = answer ? server_error(*answer) : std::move(answer.error());
    code = error.reason.empty() ? std::string{word(error.code)} : error.reason;
    status = co_await refuse(exchange, request, std::move(error));
  }
  record(admitted->admission, request.id,
         {.tool = admitted->tool, .decision = admitted->decision, .status = status, .code = code, .started = started});
  co_return status;
}

http::Task<int> McpEndpoint::Parts::list_tools(ProxiedRequest request, http::Exchange& exchange) {
  auto shared = share(request);
  auto admitted =
      co_await planes.run<Admitted<AdmittedTool>>([shared](Plane& plane) { return admit_list(plane, *shared); });
  if (!admitted) {
    const int status = co_await refuse(exchange, request, admitted.error());
    co_return status;
  }
  auto& admission = admitted->admission;
  ordered_json tools = ordered_json::array();
  std::string cursor;
  for (std::size_t page = 0; page < max_pages && tools.size() < max_tools; ++page) {
    const auto params = cursor.empty() ? std::string{"{}"} : ordered_json{{"cursor", cursor}}.dump();
    auto answer = co_await ask_renewing(admission, "tools/list", params);
    if (!answer || answer->failed) {
      const int status = co_await refuse(exchange, request, answer ? server_error(*answer) : std::move(answer.error()));
      co_return status;
    }
    auto result = ordered_json::parse(result_of(*answer), nullptr, false);
    mcp::filter_tools(result, [&admission](std::string_view name) { return admission.may_see(name); });
    const auto list = result.find("tools");
    if (list != result.end() && list->is_array()) {
      for (auto& tool : *list) tools.push_back(std::move(tool));
    }
    const auto next = result.find("nextCursor");
    if (next == result.end() || !next->is_string() || next->get<std::string>() == cursor) break;
    cursor = next->get<std::string>();
  }
  const int status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", tools.dump());
  co_return status;
}

}  // namespace runagents::server
