#include "cli/mcp/remote.hpp"

#include <algorithm>
#include <charconv>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/answer.hpp"
#include "core/mcp/answer.hpp"
#include "core/mcp/event_stream.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/post.hpp"

namespace runagents::cli {
namespace {

using std::chrono::milliseconds;
using Json = nlohmann::json;

constexpr std::size_t max_event_bytes = std::size_t{64} << 20U;
constexpr int max_resumptions = 32;
constexpr milliseconds default_retry{1000};
constexpr milliseconds longest_retry{10'000};
constexpr milliseconds step{50};
constexpr milliseconds farewell_timeout{2000};

bool is_event_stream(const http::FetchResponse& response) {
  return response.field("content-type").starts_with("text/event-stream");
}

bool blames_token(const http::FetchResponse& response) {
  return response.status == 401 && response.field("www-authenticate").contains("invalid_token");
}

milliseconds retry_of(const std::string& digits) {
  unsigned value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return std::min(milliseconds{value}, longest_retry);
}

/// A line break in JSON stands between two of its words only.
std::string in_one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

/// A request without the parts that all have in common. `timeout` 0: it takes as long as it takes.
http::FetchRequest request_of(const char* method, std::vector<std::pair<std::string, std::string>> fields,
                              milliseconds timeout = milliseconds{0}) {
  http::FetchRequest request;
  request.method = method;
  request.fields = std::move(fields);
  request.timeout = timeout;
  return request;
}

bool answers(std::string_view text, const std::string& id) {
  const auto json = Json::parse(text, nullptr, false);
  const auto is_answer = [&id](const Json& one) {
    return one.is_object() && !one.contains("method") && one.contains("id") && one["id"].dump() == id;
  };
  return is_answer(json) || (json.is_array() && std::ranges::any_of(json, is_answer));
}

}  // namespace

/// Takes the body of an answer: a message, or a stream of them.
class RemoteMcp::Receiver {
 public:
  Receiver(const RemoteMcpOptions& options, std::string id) : options_{&options}, id_{std::move(id)} {}

  bool take(const http::FetchResponse& head, std::string_view piece) {
    if (!is_event_stream(head)) {
      text_.append(piece);
      return text_.size() <= max_event_bytes;
    }
    std::vector<mcp::ServerEvent> events;
    if (!reader_.feed(piece, events)) return false;
    for (auto& event : events) take(event);
    return true;
  }
  /// After a body that is no stream.
  void finish() {
    if (text_.empty()) return;
    deliver(std::exchange(text_, {}));
  }
  void begin_stream() { reader_ = mcp::EventStreamReader{max_event_bytes}; }

  [[nodiscard]] bool is_answered() const { return id_.empty() || answered_; }
  [[nodiscard]] const std::string& last_event() const { return last_event_; }
  [[nodiscard]] const std::string& answer() const { return answer_; }
  [[nodiscard]] milliseconds retry() const { return retry_; }
  bool is_silent = false;  ///< what comes is looked at and not handed over

 private:
  void take(mcp::ServerEvent& event) {
    if (event.id) last_event_ = *event.id;
    if (event.retry) retry_ = retry_of(*event.retry);
    if (!event.data.empty()) deliver(std::move(event.data));
  }
  void deliver(std::string text) {
    if (!id_.empty() && !answered_ && answers(text, id_)) {
      answered_ = true;
      answer_ = text;
    }
    if (!is_silent) options_->receive(in_one_line(std::move(text)));
  }

  const RemoteMcpOptions* options_;
  std::string id_;
  std::string text_;
  std::string answer_;
  bool answered_ = false;
  std::string last_event_;
  milliseconds retry_ = default_retry;
  mcp::EventStreamReader reader_{max_event_bytes};
};

RemoteMcp::Conversation RemoteMcp::conversation() {
  const std::lock_guard lock{conversation_lock_};
  return conversation_;
}

Result<http::FetchResponse> RemoteMcp::exchange_once(http::FetchRequest request, const Conversation& with,
                                                     const OutgoingMessage* message, Receiver& receiver,
                                                     config::Secret& used, std::string_view refused) {
  {
    const std::lock_guard lock{credential_lock_};
    auto credential = options_.credential(refused);
    if (!credential) return std::unexpected(std::move(credential.error()));
    used = std::move(*credential);
  }
  request.url = options_.url;
  request.ca_file = options_.ca_file;
  request.without_proxy = api::is_loopback(options_.url);
  request.keep_alive = true;
  request.at_most_once = message != nullptr && message->method == "tools/call";
  auto& fields = request.fields;
  const bool is_modern = message != nullptr && !message->version.empty();
  const auto& version = is_modern ? message->version : with.version;
  if (!version.empty()) fields.emplace_back("MCP-Protocol-Version", version);
  if (is_modern) fields.emplace_back("Mcp-Method", message->method);
  if (is_modern && !message->name.empty()) fields.emplace_back("Mcp-Name", mcp::encode_field_value(message->name));
  if (!is_modern && !with.session.empty()) fields.emplace_back("Mcp-Session-Id", with.session);
  const auto text = used.reveal();
  if (api::is_api_key(text)) fields.emplace_back("x-runlayer-api-key", text);
  if (!text.empty() && !api::is_api_key(text)) fields.emplace_back("Authorization", "Bearer " + std::string{text});
  request.take_body = [&receiver](const http::FetchResponse& head, std::string_view piece) {
    return receiver.take(head, piece);
  };
  // What says goodbye is not to be cut off by it.
  if (request.method != "DELETE") request.is_cancelled = [this] { return is_closed_.load(); };
  auto response = options_.fetch(request);
  config::wipe(fields.back().second);
  return response;
}

Result<http::FetchResponse> RemoteMcp::exchange(http::FetchRequest request, const Conversation& with,
                                                const OutgoingMessage* message, Receiver& receiver) {
  config::Secret used;
  auto response = exchange_once(request, with, message, receiver, used, {});
  if (!response || !blames_token(*response) || api::is_api_key(used.reveal())) return response;
  config::Secret renewed;
  auto again = exchange_once(std::move(request), with, message, receiver, renewed, used.reveal());
  // The reason that the server gave says more than that there is no other credential.
  if (!again && again.error().code == ErrorCode::unauthenticated) return response;
  return again;
}

Result<http::FetchResponse> RemoteMcp::post(const OutgoingMessage& message, const Conversation& with,
                                            Receiver& receiver) {
  auto request =
      request_of("POST", {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}});
  request.body = message.text;
  auto response = exchange(std::move(request), with, &message, receiver);
  if (response && response->status / 100 == 2) {
    receiver.finish();
    if (message.version.empty()) resume(with, receiver);
  }
  return response;
}

/// A stream may end before the answer comes and go on in another one that begins after its last event (2025-11-25,
/// transports, "Resumability and Redelivery").
void RemoteMcp::resume(const Conversation& with, Receiver& receiver) {
  for (int times = 0; times < max_resumptions && !receiver.is_answered() && !is_closed_; ++times) {
    if (receiver.last_event().empty()) return;
    std::this_thread::sleep_for(receiver.retry());
    receiver.begin_stream();
    auto request = request_of("GET", {{"Accept", "text/event-stream"}, {"Last-Event-ID", receiver.last_event()}});
    const auto response = exchange(std::move(request), with, nullptr, receiver);
    if (!response || response->status != 200 || !is_event_stream(*response)) return;
  }
}

void RemoteMcp::begin(const OutgoingMessage& message, const http::FetchResponse& response, const Receiver& receiver) {
  const auto answer = Json::parse(receiver.answer(), nullptr, false);
  const auto result = answer.find("result");
  if (result == answer.end() || !result->is_object()) return;
  const std::lock_guard lock{conversation_lock_};
  first_ = message;
  ++conversation_.number;
  conversation_.session = response.field("mcp-session-id");
  const auto version = result->find("protocolVersion");
  if (version != result->end() && version->is_string()) conversation_.version = version->get<std::string>();
}

/// One thread begins the next conversation; the others use it.
bool RemoteMcp::begin_anew(unsigned after) {
  const std::lock_guard renewal{renewal_lock_};
  if (conversation().number != after) return true;
  if (!first_) return false;
  const auto message = *first_;
  Receiver receiver{options_, message.id};
  receiver.is_silent = true;
  const auto response = post(message, {}, receiver);
  if (!response || response->status / 100 != 2) return false;
  begin(message, *response, receiver);
  const auto now = conversation();
  if (now.number == after) return false;
  Receiver nothing{options_, {}};
  const OutgoingMessage initialized{.text = R"({"jsonrpc":"2.0","method":"notifications/initialized"})"};
  static_cast<void>(post(initialized, now, nothing));
  return true;
}

void RemoteMcp::refuse(const OutgoingMessage& message, const Error& error, int status) const {
  if (is_closed_) return;
  if (message.id.empty()) {
    options_.warn(error.message);
    return;
  }
  Json data = {{"code", error.reason.empty() ? std::string{word(error.code)} : error.reason}};
  if (!error.hint.empty()) data["hint"] = error.hint;
  if (status != 0) data["http_status"] = status;
  options_.receive(mcp::write_error(message.id, mcp::error_code::internal_error, error.message, data.dump()));
}

void RemoteMcp::send(const OutgoingMessage& message) {
  const bool is_first = message.method == "initialize";
  for (bool again = false;; again = true) {
    const auto with = is_first ? Conversation{} : conversation();
    Receiver receiver{options_, message.id};
    const auto response = post(message, with, receiver);
    if (!response) return refuse(message, response.error(), 0);
    if (response->status / 100 == 2) {
      if (is_first) begin(message, *response, receiver);
      if (receiver.is_answered()) return;
      return refuse(message, {ErrorCode::unavailable, "the server's answer did not come to its end"}, response->status);
    }
    const bool is_forgotten = response->status == 404 && !with.session.empty() && !again;
    if (is_forgotten && begin_anew(with.number)) continue;
    if (answers(response->body, message.id)) return options_.receive(in_one_line(response->body));
    return refuse(message, api::error_of({.status = response->status, .body = response->body}), response->status);
  }
}

void RemoteMcp::listen() {
  Receiver receiver{options_, {}};
  auto with = conversation();
  while (!is_closed_) {
    receiver.begin_stream();
    auto request = request_of("GET", {{"Accept", "text/event-stream"}});
    if (!receiver.last_event().empty()) request.fields.emplace_back("Last-Event-ID", receiver.last_event());
    const auto response = exchange(std::move(request), with, nullptr, receiver);
    const auto now = conversation();
    const bool is_over = !response || response->status != 200 || !is_event_stream(*response);
    if (is_over && response && now.number == with.number && response->status / 100 == 4) return;
    if (now.number != with.number) receiver = Receiver{options_, {}};
    with = now;
    for (auto waited = milliseconds{0}; waited < receiver.retry() && !is_closed_; waited += step) {
      std::this_thread::sleep_for(step);
    }
  }
}

void RemoteMcp::close() {
  const auto with = conversation();
  if (!with.session.empty()) {
    Receiver receiver{options_, {}};
    receiver.is_silent = true;
    static_cast<void>(exchange(request_of("DELETE", {}, farewell_timeout), with, nullptr, receiver));
  }
  is_closed_ = true;
}

}  // namespace runagents::cli
