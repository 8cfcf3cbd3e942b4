#include "server/mcp/stdio_sessions.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/mcp/answer.hpp"
#include "core/mcp/event_stream.hpp"
#include "core/mcp/tool_list.hpp"
#include "server/http/send_answer.hpp"
#include "server/mcp/answer.hpp"
#include "server/mcp/peer_messages.hpp"
#include "server/mcp/stdio_session.hpp"

namespace runagents::server {
namespace {

using mcp::MessageKind;
using mcp::ProtocolVersion;
using nlohmann::json;

constexpr std::size_t max_sessions_of_a_caller = 16;
constexpr std::chrono::seconds keep_alive{25};
constexpr std::string_view stream_fields =
    "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n";

constexpr std::array with_sessions = {ProtocolVersion::v2025_03_26, ProtocolVersion::v2025_06_18,
                                      ProtocolVersion::v2025_11_25};

std::string event_of(const std::string& message) {
  mcp::ServerEvent event;
  event.type = "message";
  event.data = message;
  event.has_data = true;
  return mcp::write_event(event);
}

/// The token that a request wants its progress to be told with, as JSON; empty: none.
std::string progress_token(const json* params) {
  if (params == nullptr) return {};
  const auto meta = params->find("_meta");
  if (meta == params->end() || !meta->is_object()) return {};
  const auto token = meta->find("progressToken");
  return token == meta->end() || token->is_structured() ? std::string{} : token->dump();
}

}  // namespace

StdioSessions::~StdioSessions() = default;

StdioSessions::Shared StdioSessions::find(const Admission& admission, std::string_view id) const {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second->binding != admission.binding()) return nullptr;
  return found->second;
}

http::Task<Result<StdioSessions::Shared>> StdioSessions::begin(const Admission& admission) {
  const auto own = [&](const auto& entry) { return entry.second->binding == admission.binding(); };
  if (static_cast<std::size_t>(std::ranges::count_if(sessions_, own)) >= max_sessions_of_a_caller) {
    co_return fail(ErrorCode::unavailable, "there are too many sessions with this MCP server", {}, "too_many_sessions");
  }
  auto process = co_await starts_.start(admission);
  if (!process) co_return std::unexpected(std::move(process.error()));
  auto session = std::make_shared<StdioSession>(ticker_, *process, admission);
  session->session_id = auth::base64url(auth::random_bytes(24));
  sessions_[session->session_id] = session;
  const std::weak_ptr<StdioSession> weak = session;
  (*process)->on_line = [weak](std::string_view line) {
    if (const auto held = weak.lock()) held->receive(line);
  };
  (*process)->on_end = [this, weak, server = session->server_id, id = session->session_id](bool by_itself) {
    starts_.ended(server, by_itself);
    if (const auto held = weak.lock()) held->end();
    sessions_.erase(id);
  };
  (*process)->start();
  co_return session;
}

http::Task<int> StdioSessions::post(AdmittedPost& admitted, http::Exchange& exchange, std::string& code) {
  const auto& messages = admitted.post.messages;
  const auto& first = messages.all.front();
  if (mcp::is_modern(admitted.post.version)) {
    // A command has one client and one conversation, so the versions that have none are not spoken here.
    auto unsupported = mcp::version_of_field(word(admitted.post.version), with_sessions).error();
    unsupported.id = first.id;
    code = "unsupported_version";
    const int status = co_await send_answer(exchange, unsupported.status, {}, mcp::write_error(unsupported));
    co_return status;
  }
  const bool is_new = first.is_request_for("initialize");
  Result<Shared> session = Shared{};
  if (is_new) {
    session = co_await begin(admitted.admission);
  } else {
    session = find(admitted.admission, admitted.upstream_session);
  }
  if (!session) {
    code = session.error().reason;
    auto body = refused_messages(messages, admitted.post.version, session.error(), admitted.decision);
    const int status = co_await send_answer(exchange, 200, {}, std::move(body));
    co_return status;
  }
  if (!*session) {
    const auto error = admitted.upstream_session.empty() ? mcp::missing_session(&first) : mcp::unknown_session(&first);
    code = "unknown_session";
    const int status = co_await send_answer(exchange, error.status, {}, mcp::write_error(error));
    co_return status;
  }
  auto& held = **session;
  held.touch();
  const auto is_in_use = [&held](const mcp::Message& one) {
    return one.kind == MessageKind::request && held.pending.contains(one.id);
  };
  if (std::ranges::any_of(messages.all, is_in_use)) {
    code = "bad_request";
    const auto text = mcp::write_error(first.id, mcp::error_code::invalid_request, "the id is in use already");
    const int status = co_await send_answer(exchange, 400, {}, text);
    co_return status;
  }
  auto waiting = std::make_shared<StdioWaiting>(context_, held.flow);
  for (const auto& message : messages.all) {
    if (message.kind != MessageKind::request) continue;
    held.pending[message.id] = {.waiting = waiting, .token = progress_token(message.params())};
    held.order.push_back(message.id);
    ++waiting->unanswered;
  }
  bool is_written = true;
  for (const auto& message : messages.all) is_written = is_written && held.process->write(message.document->dump());
  if (!is_written) {
    held.forget(waiting);
    code = "upstream_unreachable";
    const auto error = mcp::unknown_session(&first);
    const int status = co_await send_answer(exchange, error.status, {}, mcp::write_error(error));
    co_return status;
  }
  if (waiting->unanswered == 0) {
    const int status = co_await send_answer(exchange, 202, {}, {});
    co_return status;
  }
  exchange.on_gone = [waiting] { waiting->end(); };
  const int status = co_await answer(admitted, *session, waiting, exchange, is_new);
  exchange.on_gone = nullptr;
  held.forget(waiting);
  co_return status;
}

http::Task<int> StdioSessions::answer(AdmittedPost& admitted, Shared session, std::shared_ptr<StdioWaiting> waiting,
                                      http::Exchange& exchange, bool is_new) {
  const auto& messages = admitted.post.messages;
  const auto& admission = admitted.admission;
  const mcp::MaySee may_see = [&admission](std::string_view tool) { return admission.may_see(tool); };
  const bool filters =
      std::ranges::any_of(messages.all, [](const auto& one) { return one.is_request_for("tools/list"); });
  std::string fields;
  if (is_new) fields.append("Mcp-Session-Id: ").append(session->session_id).append("\r\n");
  const auto take = [&]() -> std::optional<std::string> {
    auto message = waiting->take();
    if (!filters) return message;
    auto filtered = mcp::filter_response(message, may_see);
    if (!filtered) return std::nullopt;
    return std::move(*filtered);
  };
  while (waiting->messages.empty() && !waiting->over) co_await waiting->wait(keep_alive);
  if (waiting->messages.empty()) co_return 0;
  const bool is_whole = waiting->over && waiting->messages.size() == 1 && !messages.batch;
  if (is_whole) {
    auto message = take();
    if (!message) {
      message = mcp::write_error(messages.all.front().id, mcp::error_code::internal_error,
                                 "the MCP server's answer cannot be passed on");
    }
    const int status = co_await send_answer(exchange, 200, fields + "Cache-Control: no-store\r\n", std::move(*message));
    co_return status;
  }
  fields.append(stream_fields);
  const std::string no_trailers;
  http::ResponseStart start;
  start.fields = &fields;
  bool there = co_await exchange.send_head(start, {}, false);
  while (there) {
    if (waiting->messages.empty()) {
      if (waiting->over) break;
      co_await waiting->wait(keep_alive);
      if (waiting->messages.empty() && !waiting->over) {
        there = co_await exchange.send_body(": \n\n", false, no_trailers);
      }
      continue;
    }
    const auto message = take();
    if (!message) {
      exchange.abort();
      co_return 200;
    }
    there = co_await exchange.send_body(event_of(*message), false, no_trailers);
  }
  if (there) there = co_await exchange.send_body({}, true, no_trailers);
  co_return there ? 200 : 0;
}

http::Task<int> StdioSessions::session(std::string_view method, AdmittedSession& admitted, http::Exchange& exchange) {
  const auto found = find(admitted.admission, admitted.upstream_session);
  if (!found) {
    const auto error =
        admitted.upstream_session.empty() ? mcp::missing_session(nullptr) : mcp::unknown_session(nullptr);
    const int status = co_await send_answer(exchange, error.status, {}, mcp::write_error(error));
    co_return status;
  }
  if (method == "DELETE") {
    found->process->stop();
    found->end();
    sessions_.erase(found->session_id);
    const int status = co_await send_answer(exchange, 204, {}, {});
    co_return status;
  }
  if (found->stream) {
    const int status = co_await send_answer(
        exchange, 409, {}, mcp::write_error({}, mcp::error_code::invalid_request, "the session has a stream already"));
    co_return status;
  }
  const int status = co_await listen(found, exchange);
  co_return status;
}

http::Task<int> StdioSessions::listen(Shared session, http::Exchange& exchange) {
  auto stream = std::make_shared<StdioWaiting>(context_, session->flow);
  for (auto& message : std::exchange(session->unsent, {})) stream->put(std::move(message));
  session->unsent_bytes = 0;
  session->stream = stream;
  session->touch();
  exchange.on_gone = [stream] { stream->end(); };
  const std::string no_trailers;
  const std::string fields{stream_fields};
  http::ResponseStart start;
  start.fields = &fields;
  bool there = co_await exchange.send_head(start, {}, false);
  while (there && !(stream->over && stream->messages.empty())) {
    if (stream->messages.empty()) {
      co_await stream->wait(keep_alive);
      if (stream->messages.empty() && !stream->over) there = co_await exchange.send_body(": \n\n", false, no_trailers);
      continue;
    }
    const auto message = stream->take();
    there = co_await exchange.send_body(event_of(message), false, no_trailers);
  }
  exchange.on_gone = nullptr;
  session->stream = nullptr;
  session->touch();
  if (there) there = co_await exchange.send_body({}, true, no_trailers);
  co_return there ? 200 : 0;
}

void StdioSessions::stop() {
  for (const auto& [id, session] : sessions_) session->process->stop();
}

}  // namespace runagents::server
