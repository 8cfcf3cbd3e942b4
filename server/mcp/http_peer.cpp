#include "server/mcp/http_peer.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"
#include "core/mcp/event_stream.hpp"
#include "core/mcp/protocol_version.hpp"
#include "server/mcp/peer_messages.hpp"
#include "server/mcp/relay.hpp"
#include "server/mcp/upstream_fields.hpp"

namespace runagents::server {
namespace {

using mcp::ProtocolVersion;
using nlohmann::json;

constexpr auto newest_with_sessions = ProtocolVersion::v2025_11_25;
constexpr auto without_sessions = ProtocolVersion::v2026_07_28;
constexpr std::chrono::minutes idle_limit{10};
constexpr std::size_t sweep_from = 256;
constexpr int max_resumptions = 32;
constexpr std::chrono::milliseconds longest_retry{5000};

json client_info() { return {{"name", "runagents"}, {"version", RUNAGENTS_VERSION}}; }

/// What a request of a version without sessions says in `_meta`.
std::string modern_params(std::string_view params) {
  auto value = json::parse(params);
  value["_meta"]["io.modelcontextprotocol/protocolVersion"] = word(without_sessions);
  value["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json::object();
  value["_meta"]["io.modelcontextprotocol/clientInfo"] = client_info();
  return value.dump();
}

std::string request_text(std::string_view id, std::string_view method, std::string_view params) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text.append(id).append(R"(,"method":")").append(method).append("\"");
  if (!params.empty()) text.append(R"(,"params":)").append(params);
  return text + "}";
}

/// What a server's answer to initialize names.
std::optional<ProtocolVersion> agreed_version(const PeerAnswer& answer) {
  const auto result = json::parse(answer.text);
  const auto* text = auth::text_member(result, "protocolVersion");
  return text == nullptr ? std::nullopt : mcp::protocol_version(*text);
}

/// Whether an answer to server/discover lists the version without sessions.
bool is_modern_server(const PeerAnswer& answer) {
  const auto result = json::parse(answer.text);
  const auto versions = result.find("supportedVersions");
  return !answer.failed && versions != result.end() && versions->is_array() &&
         std::ranges::find(*versions, json(word(without_sessions))) != versions->end();
}

Result<PeerAnswer> find_answer(Result<std::vector<PeerMessage>> messages, std::string_view id) {
  if (!messages) return std::unexpected(std::move(messages.error()));
  for (auto& message : *messages) {
    if (message.is_answer && message.id == id) return std::move(message.answer);
  }
  return unusable_answer("it answers another request");
}

std::chrono::milliseconds retry_of(std::string_view text) {
  std::uint32_t milliseconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), milliseconds);
  return read.ec == std::errc{} ? std::min(std::chrono::milliseconds{milliseconds}, longest_retry) : longest_retry;
}

std::unexpected<Error> refused_by_server(int status) {
  if (status == 401) {
    return fail(ErrorCode::unavailable, "the MCP server refused the credential", {}, "upstream_unauthorized");
  }
  if (status == 403) {
    return fail(ErrorCode::unavailable, "the MCP server does not permit this to the credential", {},
                "upstream_forbidden");
  }
  if (status == 404)
    return fail(ErrorCode::not_found, "the MCP server does not know the session", {}, "upstream_status");
  return fail(ErrorCode::unavailable, "the MCP server answered with status " + std::to_string(status), {},
              "upstream_status");
}

}  // namespace

struct HttpPeer::Conversation {
  explicit Conversation(http::asio::io_context& context) : opened{context, http::Timer::time_point::max()} {}
  http::Timer opened;  ///< cancelled when it is open, or could not be opened
  enum class State { opening, open, failed } state = State::opening;
  ProtocolVersion version = newest_with_sessions;
  std::string session;
  std::uint64_t next_id = 1;
  Clock::time_point used = Clock::now();
};

http::Task<Result<PeerAnswer>> HttpPeer::request(const Admission& admission, std::string_view method,
                                                 std::string_view params, http::Exchange& exchange) {
  for (bool again = false;; again = true) {
    auto conversation = co_await this->conversation(admission);
    if (!conversation) co_return std::unexpected(std::move(conversation.error()));
    auto answer = co_await ask(admission, **conversation, method, params, &exchange);
    const bool is_forgotten = !answer && answer.error().code == ErrorCode::not_found && !again;
    if (!is_forgotten) co_return answer;
    const auto known = conversations_.find(admission.binding());
    if (known != conversations_.end() && known->second == *conversation) conversations_.erase(known);
  }
}

http::Task<Result<HttpPeer::Shared>> HttpPeer::conversation(const Admission& admission) {
  const auto key = admission.binding();
  forget_idle();
  const auto known = conversations_.find(key);
  if (known != conversations_.end()) {
    auto conversation = known->second;
    conversation->used = Clock::now();
    while (conversation->state == Conversation::State::opening) {
      static_cast<void>(co_await conversation->opened.async_wait(http::by_value));
    }
    if (conversation->state == Conversation::State::open) co_return conversation;
  }
  auto conversation = std::make_shared<Conversation>(context_);
  conversations_[key] = conversation;
  auto opened = co_await open(admission, *conversation);
  conversation->state = opened ? Conversation::State::open : Conversation::State::failed;
  conversation->opened.cancel();
  if (opened) co_return conversation;
  const auto mine = conversations_.find(key);
  if (mine != conversations_.end() && mine->second == conversation) conversations_.erase(mine);
  co_return std::unexpected(std::move(opened.error()));
}

http::Task<Result<void>> HttpPeer::open(const Admission& admission, Conversation& conversation) {
  conversation.version = without_sessions;
  const auto discovered = co_await ask(admission, conversation, "server/discover", "{}", nullptr);
  if (discovered && is_modern_server(*discovered)) co_return Result<void>{};
  if (!discovered && discovered.error().reason != "upstream_status" &&
      discovered.error().reason != "upstream_protocol") {
    co_return std::unexpected(discovered.error());
  }
  conversation.version = newest_with_sessions;
  auto begun = co_await begin_session(admission, conversation);
  co_return begun;
}

http::Task<Result<void>> HttpPeer::begin_session(const Admission& admission, Conversation& conversation) {
  const json params{
      {"protocolVersion", word(newest_with_sessions)}, {"capabilities", json::object()}, {"clientInfo", client_info()}};
  const auto answer = co_await ask(admission, conversation, "initialize", params.dump(), nullptr);
  if (!answer) co_return std::unexpected(answer.error());
  const auto known = answer->failed ? std::nullopt : agreed_version(*answer);
  if (!known) co_return unusable_answer("it agrees on no protocol version");
  conversation.version = *known;
  auto told = co_await tell(admission, conversation, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  co_return told;
}

http::Task<Result<PeerAnswer>> HttpPeer::ask(const Admission& admission, Conversation& conversation,
                                             std::string_view method, std::string_view params,
                                             http::Exchange* exchange) {
  conversation.used = Clock::now();
  const Question question{std::to_string(conversation.next_id++), method, params, exchange};
  UpstreamCall call{pool_, admission.address};
  GoneWatch watch{exchange, call};
  auto answer = co_await send(admission, conversation, question, call, watch);
  // Without sessions the end of the connection says it (2026-07-28, "Cancellation").
  if (!answer && watch.is_gone() && !mcp::is_modern(conversation.version)) {
    auto cancelled =
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + question.id + "}}";
    static_cast<void>(co_await tell(admission, conversation, std::move(cancelled)));
  }
  co_return answer;
}

http::Task<Result<PeerAnswer>> HttpPeer::send(const Admission& admission, Conversation& conversation,
                                              const Question& question, UpstreamCall& call, GoneWatch& watch) {
  const bool modern = mcp::is_modern(conversation.version);
  const auto params = modern ? modern_params(question.params) : std::string{question.params};
  const auto body = request_text(question.id, question.method, params);
  const bool is_first = question.method == "initialize";
  const std::string name = modern ? json::parse(params).value("name", std::string{}) : std::string{};
  UpstreamRequest request{.method = "POST", .fields = {}, .body = body};
  request.fields = own_fields(admission, is_first ? std::string_view{} : word(conversation.version),
                              modern ? question.method : std::string_view{}, name, conversation.session);
  auto sent = co_await call.send(std::move(request));
  if (!sent) co_return std::unexpected(std::move(sent.error()));
  const int status = call.head().status;
  const bool is_json = media_type(call) == "application/json";
  // In versions without sessions errors come with a status of their own, and with a message all the same.
  const bool may_be_answer = modern && is_json && status >= 400 && status != 401;
  if (status / 100 != 2 && !may_be_answer) co_return refused_by_server(status);
  if (is_first) conversation.session = call.field("mcp-session-id");
  if (is_encoded(call)) co_return unusable_answer("it has a content coding that was not asked for");
  if (media_type(call) == "text/event-stream") {
    auto streamed = co_await read_stream(admission, conversation, question, call, watch);
    co_return streamed;
  }
  if (!is_json) co_return unusable_answer("it is neither JSON nor a stream of events");
  const auto text = co_await call.read_all(max_inspected_bytes);
  if (!text) co_return std::unexpected(text.error());
  auto answer = find_answer(read_peer_messages(*text, conversation.version), question.id);
  if (!answer && may_be_answer) co_return refused_by_server(status);
  co_return answer;
}

/// A stream may end before the answer comes and go on in another one that begins after its last event (2025-11-25,
/// "Resumability and Redelivery").
http::Task<Result<PeerAnswer>> HttpPeer::read_stream(const Admission& admission, Conversation& conversation,
                                                     const Question& question, UpstreamCall& call, GoneWatch& watch) {
  std::string last_id;
  std::chrono::milliseconds retry{0};
  std::unique_ptr<UpstreamCall> resumed;
  UpstreamCall* current = &call;
  for (int times = 0; times < max_resumptions && !watch.is_gone(); ++times) {
    mcp::EventStreamReader reader{max_inspected_bytes};
    Result<UpstreamCall::Piece> piece;
    do {
      piece = co_await current->next();
      if (!piece) break;
      std::vector<mcp::ServerEvent> events;
      if (!reader.feed(piece->data, events)) co_return unusable_answer("an event is too large");
      for (const auto& event : events) {
        if (event.id) last_id = *event.id;
        if (event.retry) retry = retry_of(*event.retry);
        if (event.data.empty()) continue;
        auto answer = co_await take_event(admission, conversation, question.id, event.data);
        if (!answer) co_return std::unexpected(std::move(answer.error()));
        if (*answer) co_return std::move(**answer);
      }
    } while (!piece->last);
    if (last_id.empty() || mcp::is_modern(conversation.version)) break;
    http::Timer pause{context_};
    pause.expires_after(retry);
    static_cast<void>(co_await pause.async_wait(http::by_value));
    auto next = std::make_unique<UpstreamCall>(pool_, admission.address);
    watch.follow(*next);
    resumed = std::move(next);
    current = resumed.get();
    UpstreamRequest request{.method = "GET", .fields = {}, .body = {}};
    request.fields = own_fields(admission, word(conversation.version), {}, {}, conversation.session);
    request.fields.append("Last-Event-ID: ").append(last_id).append("\r\n");
    auto sent = co_await current->send(std::move(request));
    if (!sent) co_return std::unexpected(std::move(sent.error()));
    if (current->head().status != 200 || media_type(*current) != "text/event-stream") break;
  }
  co_return unusable_answer("the stream ended without it");
}

/// The answer that is waited for, if it is in the event; what the server asks in return is answered.
http::Task<Result<std::optional<PeerAnswer>>> HttpPeer::take_event(const Admission& admission,
                                                                   const Conversation& conversation,
                                                                   std::string_view id, std::string_view data) {
  auto messages = read_peer_messages(data, conversation.version);
  if (!messages) co_return std::unexpected(std::move(messages.error()));
  std::optional<PeerAnswer> answer;
  for (auto& message : *messages) {
    if (!message.reply.empty()) static_cast<void>(co_await tell(admission, conversation, std::move(message.reply)));
    if (message.is_answer && message.id == id) answer = std::move(message.answer);
  }
  co_return answer;
}

http::Task<Result<void>> HttpPeer::tell(const Admission& admission, const Conversation& conversation,
                                        std::string message) {
  UpstreamCall call{pool_, admission.address};
  UpstreamRequest request{.method = "POST", .fields = {}, .body = message};
  request.fields = own_fields(admission, word(conversation.version), {}, {}, conversation.session);
  auto sent = co_await call.send(std::move(request));
  if (!sent) co_return sent;
  if (call.head().status / 100 != 2) co_return refused_by_server(call.head().status);
  static_cast<void>(co_await call.read_all(max_inspected_bytes));
  co_return Result<void>{};
}

void HttpPeer::forget_idle() {
  if (conversations_.size() < sweep_from) return;
  const auto now = Clock::now();
  std::erase_if(conversations_, [now](const auto& entry) { return entry.second->used + idle_limit < now; });
}

}  // namespace runagents::server
