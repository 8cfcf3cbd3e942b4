#include "core/mcp/message.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"

namespace runagents::mcp {
namespace {

using auth::text_member;
using nlohmann::json;

constexpr std::size_t max_method_bytes = 128;
constexpr std::size_t max_name_bytes = 2048;  // URIs of resources are names, too
constexpr std::size_t max_id_bytes = 256;

constexpr std::array<std::string_view, 6> message_members = {"jsonrpc", "id", "method", "params", "result", "error"};
/// Members of params that decide something, in the spelling that counts.
constexpr std::array<std::string_view, 10> deciding_params = {
    "name", "arguments", "uri", "_meta", "cursor", "task", "ref", "level", "inputResponses", "requestState"};

std::unexpected<ProtocolError> invalid(std::string message, const std::string& id,
                                       int code = error_code::invalid_request) {
  return std::unexpected(ProtocolError{.code = code, .message = std::move(message), .id = id});
}

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// C0, DEL and C1 (U+0080 to U+009F); the text is UTF-8.
bool has_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

/// The id as JSON; null when it is none that MCP knows.
std::optional<std::string> id_of(const json& message) {
  const auto found = message.find("id");
  if (found == message.end()) return std::string{};
  const auto* text = found->get_ptr<const std::string*>();
  if (text != nullptr && text->size() > max_id_bytes) return std::nullopt;
  if (text == nullptr && !found->is_number_integer()) return std::nullopt;
  return found->dump();
}

std::string_view name_member(std::string_view method) {
  if (method == "tools/call" || method == "prompts/get") return "name";
  if (method == "resources/read" || method == "resources/subscribe" || method == "resources/unsubscribe") return "uri";
  return {};
}

/// A deciding member in another spelling would be the one that a reader without regard to case takes.
bool is_misspelt(std::string_view name) {
  const auto is_same = [folded = auth::folded_name(name)](std::string_view known) {
    return auth::folded_name(known) == folded;
  };
  const auto* found = std::ranges::find_if(deciding_params, is_same);
  return found != deciding_params.end() && *found != name;
}

std::expected<void, ProtocolError> read_params(Message& message) {
  const auto* params = message.params();
  const auto wanted = name_member(message.method);
  if (params == nullptr) {
    if (wanted.empty()) return {};
    return invalid("the method needs params", message.id, error_code::invalid_params);
  }
  if (!params->is_object()) return invalid("params is not an object", message.id, error_code::invalid_params);
  for (const auto& member : params->items()) {
    if (!is_misspelt(member.key())) continue;
    return invalid("params has a known member in another spelling", message.id, error_code::invalid_params);
  }
  const auto meta = params->find("_meta");
  if (meta != params->end() && !meta->is_object()) {
    return invalid("params._meta is not an object", message.id, error_code::invalid_params);
  }
  if (wanted.empty()) return {};
  const auto* name = text_member(*params, wanted);
  if (name == nullptr || name->empty() || name->size() > max_name_bytes || has_controls(*name)) {
    return invalid("params." + std::string{wanted} + " is missing, or no name", message.id, error_code::invalid_params);
  }
  message.name = *name;
  const auto arguments = params->find("arguments");
  if (arguments != params->end() && !arguments->is_object()) {
    return invalid("params.arguments is not an object", message.id, error_code::invalid_params);
  }
  return {};
}

std::expected<Message, ProtocolError> read_call(Message message, const json& object) {
  const auto* method = text_member(object, "method");
  if (method == nullptr || method->empty() || method->size() > max_method_bytes || !is_visible_ascii(*method)) {
    return invalid("method is no name of a method", message.id);
  }
  if (object.contains("result") || object.contains("error")) {
    return invalid("a message is either a request or a response", message.id);
  }
  message.method = *method;
  message.kind = object.contains("id") ? MessageKind::request : MessageKind::notification;
  if (auto read = read_params(message); !read) return std::unexpected(std::move(read.error()));
  return message;
}

std::expected<Message, ProtocolError> read_response(Message message, const json& object) {
  const bool has_result = object.contains("result");
  if (has_result == object.contains("error") || object.contains("params")) {
    return invalid("a message has a method, a result or an error", message.id);
  }
  if (has_result && message.id.empty()) return invalid("a response has an id", message.id);
  message.kind = MessageKind::response;
  return message;
}

std::expected<Message, ProtocolError> read_message(json object) {
  Message message;
  if (!object.is_object()) return invalid("a message is a JSON object", {});
  auto id = id_of(object);
  if (!id) return invalid("id is neither text nor an integer", {});
  message.id = std::move(*id);
  for (const auto& member : object.items()) {
    if (std::ranges::find(message_members, std::string_view{member.key()}) != message_members.end()) continue;
    return invalid("the message has a member that JSON-RPC does not know", message.id);
  }
  const auto* version = text_member(object, "jsonrpc");
  if (version == nullptr || *version != "2.0") return invalid("jsonrpc is not \"2.0\"", message.id);
  message.document = std::make_shared<const json>(std::move(object));
  const auto& kept = *message.document;
  return kept.contains("method") ? read_call(std::move(message), kept) : read_response(std::move(message), kept);
}

}  // namespace

bool Message::is_tool_call() const noexcept { return is_request_for("tools/call"); }

bool Message::is_request_for(std::string_view wanted) const noexcept {
  return kind == MessageKind::request && method == wanted;
}

const json* Message::params() const {
  const auto found = document->find("params");
  return found == document->end() ? nullptr : &*found;
}

const json* Message::arguments() const {
  const auto* all = params();
  if (all == nullptr || (method != "tools/call" && method != "prompts/get")) return nullptr;
  const auto found = all->find("arguments");
  return found == all->end() ? nullptr : &*found;
}

const std::string* Message::meta_text(std::string_view key) const {
  const auto* all = params();
  if (all == nullptr) return nullptr;
  const auto meta = all->find("_meta");
  return meta == all->end() ? nullptr : text_member(*meta, key);
}

bool Messages::has_request() const noexcept {
  return std::ranges::any_of(all, [](const Message& one) { return one.kind == MessageKind::request; });
}

std::expected<Messages, ProtocolError> read_messages(std::string_view text, const ReadLimits& limits) {
  // An array around the messages is one level more.
  auto value =
      auth::read_strict_json(text, {.max_depth = limits.max_depth + 1, .array_allowed = true, .portable = true});
  if (!value) return invalid("the body " + value.error(), {}, error_code::parse_error);
  Messages messages;
  messages.batch = value->is_array();
  if (messages.batch && (value->empty() || value->size() > limits.max_messages)) {
    return invalid("an array holds 1 to " + std::to_string(limits.max_messages) + " messages", {});
  }
  const auto take = [&messages](json& one) -> std::expected<void, ProtocolError> {
    auto message = read_message(std::move(one));
    if (!message) return std::unexpected(std::move(message.error()));
    messages.all.push_back(std::move(*message));
    return {};
  };
  if (!messages.batch) {
    if (auto taken = take(*value); !taken) return std::unexpected(std::move(taken.error()));
    return messages;
  }
  for (auto& one : *value) {
    if (auto taken = take(one); !taken) return std::unexpected(std::move(taken.error()));
  }
  return messages;
}

std::string in_one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  bool quoted = false;
  bool escaped = false;
  for (const char c : text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (is_blank && !quoted) continue;
    line.push_back(c);
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = quoted && c == '\\' && !escaped;
  }
  return line;
}

std::string_view operation(const Message& message) noexcept {
  if (message.kind == MessageKind::response) return "response";
  return message.method == "tools/call" ? std::string_view{message.name} : std::string_view{message.method};
}

bool is_upkeep(const Message& message) noexcept {
  constexpr std::array<std::string_view, 6> upkeep = {
      "initialize", "ping", "server/discover", "tools/list", "logging/setLevel", "subscriptions/listen"};
  if (message.kind == MessageKind::response) return true;
  // By a notification nothing is asked for; one that is called tools/call must not pass for upkeep.
  if (message.kind == MessageKind::notification) return message.method.starts_with("notifications/");
  return std::ranges::find(upkeep, std::string_view{message.method}) != upkeep.end();
}

}  // namespace runagents::mcp
