#include "server/mcp/http_peer.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "core/mcp/answer.hpp"
#include "core/mcp/event_stream.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/protocol_version.hpp"
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

std::unexpected<Error> unusable(std::string why) {
  return fail(ErrorCode::unavailable, "the MCP server's answer cannot be used: " + std::move(why), {},
              "upstream_protocol");
}

json client_info() { return {{"name", "runagents"}, {"version", RUNAGENTS_VERSION}}; }

/// What a request of a version without sessions says in `_meta`.
json modern_params(std::string_view params) {
  auto value = json::parse(params);
  value["_meta"]["io.modelcontextprotocol/protocolVersion"] = word(without_sessions);
  value["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json::object();
  value["_meta"]["io.modelcontextprotocol/clientInfo"] = client_info();
  return value;
}

std::string request_text(std::string_view id, std::string_view method, std::string_view params) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text.append(id).append(R"(,"method":")").append(method).append("\"");
  if (!params.empty()) text.append(R"(,"params":)").append(params);
  return text + "}";
}

/// The answer to `id` in a text with one message or several; what else stands there goes to `others`.
std::optional<PeerAnswer> find_answer(std::string_view text, std::string_view id, std::vector<json>& others) {
  const auto value = json::parse(text, nullptr, false);
  std::optional<PeerAnswer> found;
  const auto look = [&](const json& message) {
    if (!message.is_object()) return;
    const auto own = message.find("id");
    if (message.contains("method") || own == message.end() || own->dump() != id) {
      others.push_back(message);
      return;
    }
    found = PeerAnswer{.text = message.dump(), .failed = message.contains("error")};
  };
  if (value.is_array()) {
    std::ranges::for_each(value, look);
  } else {
    look(value);
  }
  return found;
}

/// What a server's answer to initialize names.
std::optional<ProtocolVersion> agreed_version(std::string_view answer) {
  const auto message = json::parse(answer, nullptr, false);
  const auto result = message.find("result");
  if (result == message.end() || !result->is_object()) return std::nullopt;
  const auto version = result->find("protocolVersion");
  const auto* text = version == result->end() ? nullptr : version->get_ptr<const std::string*>();
  return text == nullptr ? std::nullopt : mcp::protocol_version(*text);
}

std::unexpected<Error> refused_by_server(int status) {
  if (status == 401) {
    return fail(ErrorCode::unavailable, "the MCP server refused the credential", {}, "upstream_unauthorized");
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
                                                 std::string_view params) {
  for (bool again = false;; again = true) {
    auto conversation = co_await this->conversation(admission);
    if (!conversation) co_return std::unexpected(std::move(conversation.error()));
    auto answer = co_await ask(admission, **conversation, method, params);
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
  const auto discovered = co_await ask(admission, conversation, "server/discover", "{}");
  if (discovered && !discovered->failed) co_return Result<void>{};
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
  const auto answer = co_await ask(admission, conversation, "initialize", params.dump());
  if (!answer) co_return std::unexpected(answer.error());
  const auto known = agreed_version(answer->text);
  if (answer->failed || !known) co_return unusable("it agrees on no protocol version");
  conversation.version = *known;
  auto told = co_await tell(admission, conversation, R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  co_return told;
}

http::Task<Result<PeerAnswer>> HttpPeer::ask(const Admission& admission, Conversation& conversation,
                                             std::string_view method, std::string_view params) {
  conversation.used = Clock::now();
  const auto id = std::to_string(conversation.next_id++);
  const bool modern = mcp::is_modern(conversation.version);
  const auto sent_params = modern ? modern_params(params) : json::parse(params);
  const auto body = request_text(id, method, sent_params.dump());
  const bool is_first = method == "initialize";
  const std::string name = modern ? sent_params.value("name", std::string{}) : std::string{};
  UpstreamCall call{pool_, admission.address};
  UpstreamRequest request{.method = "POST", .fields = {}, .body = body};
  request.fields = own_fields(admission, is_first ? std::string_view{} : word(conversation.version),
                              modern ? method : std::string_view{}, name, conversation.session);
  auto sent = co_await call.send(std::move(request));
  if (!sent) co_return std::unexpected(std::move(sent.error()));
  const int status = call.head().status;
  if (is_first) conversation.session = call.field("mcp-session-id");
  const bool is_json = media_type(call) == "application/json";
  // In versions without sessions errors come with a status of their own, and with a message all the same.
  const bool may_be_answer = modern && is_json && status >= 400 && status != 401;
  if (status / 100 != 2 && !may_be_answer) co_return refused_by_server(status);
  if (media_type(call) == "text/event-stream") {
    auto streamed = co_await read_stream(admission, conversation, call, id);
    co_return streamed;
  }
  if (!is_json) co_return unusable("it is neither JSON nor a stream of events");
  const auto text = co_await call.read_all(max_inspected_bytes);
  if (!text) co_return std::unexpected(text.error());
  std::vector<json> others;
  auto answer = find_answer(*text, id, others);
  if (!answer && may_be_answer) co_return refused_by_server(status);
  if (!answer) co_return unusable("it answers another request");
  co_return std::move(*answer);
}

/// A stream may end before the answer comes and go on in another one that begins after its last event (2025-11-25,
/// "Resumability and Redelivery").
http::Task<Result<PeerAnswer>> HttpPeer::read_stream(const Admission& admission, Conversation& conversation,
                                                     UpstreamCall& call, const std::string& id) {
  std::string last_id;
  std::chrono::milliseconds retry{0};
  std::unique_ptr<UpstreamCall> resumed;
  UpstreamCall* current = &call;
  for (int times = 0; times < max_resumptions; ++times) {
    mcp::EventStreamReader reader{max_inspected_bytes};
    Result<UpstreamCall::Piece> piece;
    do {
      piece = co_await current->next();
      if (!piece) break;
      std::vector<mcp::ServerEvent> events;
      if (!reader.feed(piece->data, events)) co_return unusable("an event is too large");
      for (const auto& event : events) {
        if (event.id) last_id = *event.id;
        if (event.retry) {
          int milliseconds = 0;
          std::from_chars(event.retry->data(), event.retry->data() + event.retry->size(), milliseconds);
          retry = std::min(std::chrono::milliseconds{milliseconds}, longest_retry);
        }
        if (event.data.empty()) continue;
        std::vector<json> others;
        if (auto answer = find_answer(event.data, id, others)) co_return std::move(*answer);
        for (const auto& other : others) {
          if (!other.contains("method") || !other.contains("id")) continue;
          const bool is_ping = other["method"] == "ping";
          auto reply = is_ping ? mcp::write_result(other["id"].dump(), json::object(), conversation.version)
                               : mcp::write_error(other["id"].dump(), mcp::error_code::method_not_found,
                                                  "nobody is there to answer");
          static_cast<void>(co_await tell(admission, conversation, std::move(reply)));
        }
      }
    } while (!piece->last);
    if (last_id.empty() || mcp::is_modern(conversation.version)) break;
    http::Timer pause{context_};
    pause.expires_after(retry);
    static_cast<void>(co_await pause.async_wait(http::by_value));
    resumed = std::make_unique<UpstreamCall>(pool_, admission.address);
    current = resumed.get();
    UpstreamRequest request{.method = "GET", .fields = {}, .body = {}};
    request.fields = own_fields(admission, word(conversation.version), {}, {}, conversation.session);
    request.fields.append("Last-Event-ID: ").append(last_id).append("\r\n");
    auto sent = co_await current->send(std::move(request));
    if (!sent) co_return std::unexpected(std::move(sent.error()));
    if (current->head().status != 200 || media_type(*current) != "text/event-stream") break;
  }
  co_return unusable("the stream ended without it");
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
