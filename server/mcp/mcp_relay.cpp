// MCP over Streamable HTTP on both sides: messages, streams and sessions pass, once policy has said yes to them.

#include "core/mcp/answer.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/gone_watch.hpp"
#include "server/mcp/parts.hpp"
#include "server/mcp/relay.hpp"
#include "server/mcp/session_id.hpp"
#include "server/mcp/stream_guard.hpp"
#include "server/mcp/upstream_fields.hpp"

namespace runagents::server {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours stream_silence{24};

bool asks_for(const mcp::Messages& messages, std::string_view method) {
  for (const auto& message : messages.all) {
    if (message.is_request_for(method)) return true;
  }
  return false;
}

/// Whether an answer with an error can be passed on as it is: it must be one of the protocol.
bool is_protocol_answer(const UpstreamCall& call) {
  const int status = call.head().status;
  if (status / 100 == 2) return true;
  if (status < 400 || status == 401 || status == 403 || status == 407) return false;
  return media_type(call) == "application/json";
}

http::Task<Result<void>> send_watched(UpstreamCall& call, UpstreamRequest request, http::Exchange& exchange) {
  const GoneWatch watch{&exchange, call};
  auto sent = co_await call.send(std::move(request));
  co_return sent;
}

Error server_refused(int status, bool has_session, bool is_oauth) {
  if (status == 401 && is_oauth) return session_expired().error();
  if (status == 401) {
    return {ErrorCode::unavailable, "the MCP server refused the credential", {}, "upstream_unauthorized"};
  }
  if (status == 403) {
    return {ErrorCode::unavailable, "the MCP server does not permit this to the credential", {}, "upstream_forbidden"};
  }
  if (status == 404 && has_session) return {ErrorCode::not_found, "the session is over or was never there"};
  return {
      ErrorCode::unavailable, "the MCP server answered with status " + std::to_string(status), {}, "upstream_status"};
}

}  // namespace

std::unexpected<Error> session_expired() {
  return fail(ErrorCode::needs_person, "OAuth session expired", "authorize the MCP server again",
              "oauth_session_expired");
}

Error no_record() {
  return {ErrorCode::unavailable, "the call cannot be recorded, so it is not made", {}, "audit_unavailable"};
}

http::Task<int> McpEndpoint::Parts::post(ProxiedRequest request, http::Exchange& exchange) {
  const auto started = Clock::now();
  if (!audit.may_call()) {
    const int status = co_await refuse(exchange, request, no_record());
    co_return status;
  }
  auto shared = share(request);
  auto admitted =
      co_await admit<AdmittedPost>([shared](Plane& plane) { return admit_post(plane, std::move(*shared)); });
  const auto record_calls = [&](const Admission& admission, const mcp::Messages& messages, const Decision& decision,
                                int status, std::string_view code) {
    for (const auto& message : messages.all) {
      if (!message.is_tool_call()) continue;
      record(admission, request.id,
             {.tool = message.name, .decision = decision, .status = status, .code = code, .started = started});
    }
  };
  if (!admitted) {
    const auto& refusal = admitted.error();
    const int status = co_await refuse(exchange, request, refusal);
    if (refusal.admission && refusal.post) {
      record_calls(*refusal.admission, refusal.post->messages, refusal.decision, status, refusal.error.reason);
    }
    co_return status;
  }
  std::string code;
  int status = 0;
  const StreamGuard guard{context, ticker, planes, request, admitted->admission.binding(), exchange};
  if (admitted->admission.server.transport == model::McpTransport::stdio) {
    status = co_await stdio_sessions.post(*admitted, exchange, code);
  } else {
    status = co_await pass_post(request, *admitted, exchange, code);
  }
  record_calls(admitted->admission, admitted->post.messages, admitted->decision, status, code);
  co_return status;
}

http::Task<int> McpEndpoint::Parts::pass_post(const ProxiedRequest& request, AdmittedPost& admitted,
                                              http::Exchange& exchange, std::string& code) {
  auto& admission = admitted.admission;
  for (bool renewed = false;; renewed = true) {
    UpstreamCall call{pool, admission.address};
    UpstreamRequest outgoing{.method = "POST", .fields = {}, .body = admitted.body};
    outgoing.fields = upstream_fields(admission, request, admitted.upstream_session);
    auto sent = co_await send_watched(call, std::move(outgoing), exchange);
    if (!sent) {
      code = sent.error().reason;
      const int status = co_await refuse_post(request, admitted, std::move(sent.error()), exchange);
      co_return status;
    }
    if (call.head().status == 401 && admission.can_renew && !renewed) {
      auto fresh = co_await refresher.refresh(admission, true);
      if (fresh) continue;
      code = fresh.error().reason;
      const int status = co_await refuse_post(request, admitted, std::move(fresh.error()), exchange);
      co_return status;
    }
    const int status = co_await pass_answer(request, admitted, call, exchange, code);
    co_return status;
  }
}

http::Task<int> McpEndpoint::Parts::pass_answer(const ProxiedRequest& request, AdmittedPost& admitted,
                                                UpstreamCall& call, http::Exchange& exchange, std::string& code) {
  const auto& admission = admitted.admission;
  if (!is_protocol_answer(call)) {
    auto error =
        server_refused(call.head().status, !admitted.upstream_session.empty(), !admission.credential_id.empty());
    code = error.reason.empty() ? std::string{word(error.code)} : error.reason;
    const int status = co_await refuse_post(request, admitted, std::move(error), exchange);
    co_return status;
  }
  RelayRules rules;
  const auto session = std::string{call.field("mcp-session-id")};
  const auto& messages = admitted.post.messages;
  if (!session.empty() && asks_for(messages, "initialize")) {
    struct Wanted {
      Admission admission;
      std::string session;
    };
    auto wanted = std::make_shared<Wanted>(std::move(admitted.admission), session);
    auto sealed = co_await planes.run<Result<std::string>>([wanted](Plane& plane) {
      auto services = mcp_services(plane);
      return seal_session_id(services, wanted->admission, wanted->session);
    });
    admitted.admission = std::move(wanted->admission);
    if (!sealed) {
      code = word(sealed.error().code);
      const int status = co_await refuse_post(request, admitted, std::move(sealed.error()), exchange);
      co_return status;
    }
    rules.fields.append("Mcp-Session-Id: ").append(*sealed).append("\r\n");
  }
  const mcp::MaySee may_see = [&admission](std::string_view tool) { return admission.may_see(tool); };
  if (asks_for(messages, "tools/list")) rules.may_see = &may_see;
  auto relayed = co_await relay(call, exchange, rules);
  if (relayed) co_return *relayed;
  code = relayed.error().reason;
  const int status = co_await refuse_post(request, admitted, std::move(relayed.error()), exchange);
  co_return status;
}

http::Task<int> McpEndpoint::Parts::refuse_post(const ProxiedRequest& request, const AdmittedPost& admitted,
                                                Error error, http::Exchange& exchange) {
  const auto& first = admitted.post.messages.all.front();
  if (error.code == ErrorCode::not_found) {
    const auto unknown = mcp::unknown_session(&first);
    const int status = co_await send_answer(exchange, unknown.status, {}, mcp::write_error(unknown));
    co_return status;
  }
  auto body = refused_messages(admitted.post.messages, admitted.post.version, error, admitted.decision);
  if (body.empty()) {
    const int status = co_await refuse(exchange, request, std::move(error));
    co_return status;
  }
  const int status = co_await send_answer(exchange, 200, "Cache-Control: no-store\r\n", std::move(body));
  co_return status;
}

http::Task<int> McpEndpoint::Parts::session(ProxiedRequest request, http::Exchange& exchange) {
  auto shared = share(request);
  auto admitted = co_await admit<AdmittedSession>([shared](Plane& plane) { return admit_session(plane, *shared); });
  if (!admitted) {
    const int status = co_await refuse(exchange, request, admitted.error());
    co_return status;
  }
  const auto& admission = admitted->admission;
  const StreamGuard guard{context, ticker, planes, request, admission.binding(), exchange};
  if (admission.server.transport == model::McpTransport::stdio) {
    const int status = co_await stdio_sessions.session(request.request.method, *admitted, exchange);
    co_return status;
  }
  UpstreamCall call{pool, admission.address};
  UpstreamRequest outgoing{.method = request.request.method, .fields = {}, .body = {}, .silence = stream_silence};
  outgoing.fields = upstream_fields(admission, request, admitted->upstream_session);
  auto sent = co_await send_watched(call, std::move(outgoing), exchange);
  if (!sent) {
    const int status = co_await refuse(exchange, request, std::move(sent.error()));
    co_return status;
  }
  const int answered = call.head().status;
  if (!is_protocol_answer(call) && answered != 405) {
    const int status = co_await refuse(
        exchange, request,
        server_refused(answered, !admitted->upstream_session.empty(), !admission.credential_id.empty()));
    co_return status;
  }
  // An answer to tools/list may come again here, where a stream goes on (Last-Event-ID).
  const mcp::MaySee may_see = [&admission](std::string_view tool) { return admission.may_see(tool); };
  auto relayed = co_await relay(call, exchange, {.fields = {}, .may_see = &may_see});
  if (relayed) co_return *relayed;
  const int status = co_await refuse(exchange, request, std::move(relayed.error()));
  co_return status;
}

}  // namespace runagents::server
