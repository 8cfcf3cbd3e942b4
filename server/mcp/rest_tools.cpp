// The REST form of the proxy: one call of a tool, and the list of tools, without any of MCP's conversation.

#include <nlohmann/json.hpp>

#include "core/mcp/raw_json.hpp"
#include "core/mcp/tool_list.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/parts.hpp"
#include "server/mcp/peer_messages.hpp"
#include "server/mcp/relay.hpp"
#include "server/mcp/stream_guard.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_pages = 1000;

/// A request that the MCP server itself answered with an error: a name it does not know, arguments it does not take.
Error server_error(const PeerAnswer& answer) {
  const auto given = json::parse(answer.text);
  Error error{ErrorCode::unavailable, "the MCP server answered with an error", {}, "upstream_failed"};
  const auto text = given.find("message");
  if (text != given.end() && text->is_string()) error.message = text->get<std::string>();
  const auto code = given.find("code");
  if (code == given.end() || !code->is_number_integer()) return error;
  const auto number = code->get<std::int64_t>();
  const bool is_unknown = number == mcp::error_code::method_not_found;
  if (number != mcp::error_code::invalid_params && !is_unknown) return error;
  error.code = is_unknown ? ErrorCode::not_found : ErrorCode::usage;
  error.reason = "upstream_error";
  return error;
}

/// One page of a list.
struct ToolPage {
  std::string tools;  ///< what may be seen: the elements as the server wrote them, with commas between
  std::string cursor;
};

Result<ToolPage> page_of(const PeerAnswer& answer, const Admission& admission) {
  const auto may_see = [&admission](std::string_view name) { return admission.may_see(name); };
  const auto filtered = mcp::filter_response(R"({"result":)" + answer.text + "}", may_see);
  if (!filtered) return unusable_answer(filtered.error());
  const auto result = mcp::raw_member(*filtered, "result").value_or("{}");
  ToolPage page;
  if (const auto list = mcp::raw_member(result, "tools"); list && list->starts_with('[') && list->size() > 2) {
    page.tools = list->substr(1, list->size() - 2);
  }
  const auto cursor = json::parse(mcp::raw_member(result, "nextCursor").value_or("null"));
  if (cursor.is_string()) page.cursor = cursor.get<std::string>();
  return page;
}

}  // namespace

/// A token that the server refused may have been withdrawn there: it is renewed once.
http::Task<Result<PeerAnswer>> McpEndpoint::Parts::ask_renewing(Admission& admission, std::string_view method,
                                                                std::string_view params, http::Exchange& exchange) {
  auto answer = co_await peer_of(admission).request(admission, method, params, exchange);
  const bool is_refused = !answer && answer.error().reason == "upstream_unauthorized";
  if (!is_refused) co_return answer;
  if (!admission.credential_id.empty()) {
    if (!admission.can_renew) co_return session_expired();
    auto renewed = co_await refresher.refresh(admission, true);
    if (!renewed) co_return std::unexpected(std::move(renewed.error()));
    answer = co_await peer_of(admission).request(admission, method, params, exchange);
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
  auto admitted = co_await admit<AdmittedTool>([shared](Plane& plane) { return admit_tool(plane, *shared); });
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
  const StreamGuard guard{context, ticker, planes, request, admitted->admission.binding(), exchange};
  auto answer = co_await ask_renewing(admitted->admission, "tools/call", admitted->params, exchange);
  int status = 0;
  std::string code;
  if (answer && !answer->failed) {
    status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", std::move(answer->text));
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
  auto admitted = co_await admit<AdmittedTool>([shared](Plane& plane) { return admit_list(plane, *shared); });
  if (!admitted) {
    const int status = co_await refuse(exchange, request, admitted.error());
    co_return status;
  }
  auto& admission = admitted->admission;
  std::string tools;
  std::string cursor;
  for (std::size_t pages = 0; pages < max_pages && tools.size() < max_inspected_bytes; ++pages) {
    const auto params = cursor.empty() ? std::string{"{}"} : json{{"cursor", cursor}}.dump();
    auto answer = co_await ask_renewing(admission, "tools/list", params, exchange);
    Result<ToolPage> page;
    if (!answer) {
      page = std::unexpected(std::move(answer.error()));
    } else if (answer->failed) {
      page = std::unexpected(server_error(*answer));
    } else {
      page = page_of(*answer, admission);
    }
    if (!page) {
      const int status = co_await refuse(exchange, request, std::move(page.error()));
      co_return status;
    }
    if (!page->tools.empty()) tools.append(tools.empty() ? "" : ",").append(page->tools);
    if (page->cursor.empty() || page->cursor == cursor) break;
    cursor = std::move(page->cursor);
  }
  const int status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", "[" + tools + "]");
  co_return status;
}

}  // namespace runagents::server
