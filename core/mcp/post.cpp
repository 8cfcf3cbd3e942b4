#include "core/mcp/post.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "core/auth/base64.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::mcp {
namespace {

using nlohmann::json;

constexpr std::string_view version_key = "io.modelcontextprotocol/protocolVersion";
constexpr std::string_view capabilities_key = "io.modelcontextprotocol/clientCapabilities";
constexpr int unsupported_media_type = 415;
constexpr int not_acceptable = 406;

using Verdict = std::expected<void, ProtocolError>;

std::unexpected<ProtocolError> object_to(const Messages* messages, int code, std::string message, int status = 400) {
  ProtocolError error{.status = status, .code = code, .message = std::move(message)};
  // An array has no id of its own.
  if (messages != nullptr && messages->all.size() == 1) error.id = messages->all.front().id;
  return std::unexpected(std::move(error));
}

/// "_" counts as "-", as for the proxy's own fields: some servers cannot tell them apart.
bool is_field(std::string_view name, std::string_view known) {
  return std::ranges::equal(name, known, [](char a, char b) {
    if (a == '_') a = '-';
    return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b;
  });
}

/// The fields that decide, each at most once.
struct PostFields {
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;
  std::optional<std::string_view> version;
  std::optional<std::string_view> method;
  std::optional<std::string_view> name;
  std::string accept;  ///< may come several times (RFC 9110, section 5.3)
};

std::expected<PostFields, ProtocolError> read_fields(std::span<const http::Field> fields) {
  PostFields found;
  const auto take = [](std::optional<std::string_view>& place, std::string_view value) {
    const bool is_first = !place;
    place = value;
    return is_first;
  };
  for (const auto& [name, value] : fields) {
    bool once = true;
    if (is_field(name, "content-type")) once = take(found.content_type, value);
    if (is_field(name, "content-encoding")) once = take(found.content_encoding, value);
    if (is_field(name, "mcp-protocol-version")) once = take(found.version, value);
    if (is_field(name, "mcp-method")) once = take(found.method, value);
    if (is_field(name, "mcp-name")) once = take(found.name, value);
    if (is_field(name, "accept")) found.accept.append(found.accept.empty() ? "" : ",").append(value);
    if (!once) {
      return object_to(nullptr, error_code::header_mismatch, "the field " + std::string{name} + " comes twice");
    }
  }
  return found;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// application/json, with nothing or charset=utf-8 behind it: another charset would make other text of the same bytes.
bool is_json_type(std::string_view value) {
  const auto semicolon = value.find(';');
  if (!http::equal_ignoring_case(trimmed(value.substr(0, semicolon)), "application/json")) return false;
  if (semicolon == std::string_view::npos) return true;
  const auto parameter = lowered(trimmed(value.substr(semicolon + 1)));
  return parameter.empty() || parameter == "charset=utf-8" || parameter == "charset=\"utf-8\"";
}

bool accepts(std::string_view accept, std::string_view type) {
  const auto family = std::string{type.substr(0, type.find('/'))} + "/*";
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto one = trimmed(accept.substr(0, comma));
    const auto range = trimmed(one.substr(0, one.find(';')));
    if (http::equal_ignoring_case(range, type) || http::equal_ignoring_case(range, family) || range == "*/*") {
      return true;
    }
    accept = comma == std::string_view::npos ? std::string_view{} : accept.substr(comma + 1);
  }
  return false;
}

Verdict check_media(const PostFields& fields, const PostRules& rules) {
  if (!fields.content_type || !is_json_type(*fields.content_type)) {
    return object_to(nullptr, error_code::invalid_request, "Content-Type is not application/json in UTF-8",
                     unsupported_media_type);
  }
  if (fields.content_encoding && !http::equal_ignoring_case(*fields.content_encoding, "identity")) {
    return object_to(nullptr, error_code::invalid_request, "the body has a content coding", unsupported_media_type);
  }
  if (rules.check_accept &&
      (!accepts(fields.accept, "application/json") || !accepts(fields.accept, "text/event-stream"))) {
    return object_to(nullptr, error_code::invalid_request,
                     "Accept does not list both application/json and text/event-stream", not_acceptable);
  }
  return {};
}

ProtocolError unsupported(std::string_view requested, std::span<const ProtocolVersion> versions) {
  json data{{"supported", json::array()}, {"requested", requested}};
  for (const auto one : versions) data["supported"].push_back(word(one));
  return {.code = error_code::unsupported_version,
          .message = "the protocol version is not supported",
          .id = {},
          .data = data.dump(-1, ' ', false, json::error_handler_t::replace)};
}

/// What the body says it speaks: `_meta` of its message, or what initialize asks for; empty: nothing.
std::string_view version_in_body(const Messages& messages, bool& is_initialize) {
  for (const auto& message : messages.all) {
    if (const auto* text = message.meta_text(version_key); text != nullptr) return *text;
  }
  const auto& first = messages.all.front();
  is_initialize = !messages.batch && first.is_request_for("initialize");
  if (!is_initialize || first.params() == nullptr) return {};
  const auto* asked = auth::text_member(*first.params(), "protocolVersion");
  return asked == nullptr ? std::string_view{} : std::string_view{*asked};
}

std::expected<ProtocolVersion, ProtocolError> version_of(const PostFields& fields, const Messages& messages,
                                                         const PostRules& rules) {
  bool is_initialize = false;
  const auto in_body = version_in_body(messages, is_initialize);
  if (is_initialize) {
    // Negotiation: a server answers a version that it does not know with one that it does.
    const auto asked = protocol_version(in_body);
    if (!fields.version) return asked && !is_modern(*asked) ? *asked : assumed_version;
  } else if (!in_body.empty() && fields.version.value_or("") != in_body) {
    return object_to(&messages, error_code::header_mismatch, "MCP-Protocol-Version does not say what _meta says");
  }
  auto version = version_of_field(fields.version.value_or(""), rules.versions);
  if (!version && messages.all.size() == 1) version.error().id = messages.all.front().id;
  return version;
}

bool has_name_field(const Message& message) {
  return message.method == "tools/call" || message.method == "prompts/get" || message.method == "resources/read";
}

/// Whether Mcp-Name says `name`, in either of its forms.
bool says(std::string_view field, std::string_view name) {
  if (field == encode_field_value(name)) return true;
  return field == "=?base64?" + auth::base64(name) + "?=";
}

Verdict check_mirrors(const PostFields& fields, const Messages& messages) {
  for (const auto& message : messages.all) {
    if (fields.method && *fields.method != message.method) {
      return object_to(&messages, error_code::header_mismatch, "Mcp-Method does not say what the body says");
    }
    if (fields.name && (!has_name_field(message) || !says(*fields.name, message.name))) {
      return object_to(&messages, error_code::header_mismatch, "Mcp-Name does not say what the body says");
    }
  }
  return {};
}

Verdict check_modern(const PostFields& fields, const Messages& messages) {
  if (messages.batch) return object_to(&messages, error_code::invalid_request, "a POST holds one message");
  const auto& message = messages.all.front();
  if (message.kind == MessageKind::response) {
    return object_to(&messages, error_code::invalid_request, "answers are not accepted in this protocol version");
  }
  // Nothing is laid down for the fields of notifications.
  if (message.kind == MessageKind::notification) return {};
  if (!fields.method) return object_to(&messages, error_code::header_mismatch, "Mcp-Method is missing");
  if (!fields.name && has_name_field(message)) {
    return object_to(&messages, error_code::header_mismatch, "Mcp-Name is missing");
  }
  if (message.meta_text(version_key) == nullptr) {
    return object_to(&messages, error_code::invalid_params, "params._meta has no " + std::string{version_key});
  }
  const auto& meta = message.params()->at("_meta");
  const auto capabilities = meta.find(capabilities_key);
  if (capabilities == meta.end() || !capabilities->is_object()) {
    return object_to(&messages, error_code::invalid_params, "params._meta has no " + std::string{capabilities_key});
  }
  return {};
}

}  // namespace

std::expected<Post, ProtocolError> read_post(std::span<const http::Field> all_fields, std::string_view body,
                                             const PostRules& rules) {
  const auto fields = read_fields(all_fields);
  if (!fields) return std::unexpected(fields.error());
  if (auto media = check_media(*fields, rules); !media) return std::unexpected(std::move(media.error()));
  auto messages = read_messages(body, rules.limits);
  if (!messages) return std::unexpected(std::move(messages.error()));
  const auto version = version_of(*fields, *messages, rules);
  if (!version) return std::unexpected(version.error());
  if (messages->batch && !has_batches(*version)) {
    return object_to(&*messages, error_code::invalid_request, "a POST holds one message in this protocol version");
  }
  if (auto mirrors = check_mirrors(*fields, *messages); !mirrors) return std::unexpected(std::move(mirrors.error()));
  if (is_modern(*version)) {
    if (auto modern = check_modern(*fields, *messages); !modern) return std::unexpected(std::move(modern.error()));
  }
  return Post{.version = *version, .messages = std::move(*messages)};
}

ProtocolError missing_session(const Message* message) {
  return {.message = "Mcp-Session-Id is missing", .id = message == nullptr ? "" : message->id};
}

ProtocolError unknown_session(const Message* message) {
  return {
      .status = 404, .message = "the session is over or was never there", .id = message == nullptr ? "" : message->id};
}

ProtocolError unknown_method(const Message& message, ProtocolVersion version) {
  return {.status = is_modern(version) ? 404 : 200,
          .code = error_code::method_not_found,
          .message = "the method is not known",
          .id = message.id};
}

bool is_session_id(std::string_view text) noexcept {
  constexpr std::size_t max_bytes = 1024;
  return !text.empty() && text.size() <= max_bytes &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::expected<ProtocolVersion, ProtocolError> version_of_field(std::string_view value,
                                                               std::span<const ProtocolVersion> versions) {
  const auto version = value.empty() ? std::optional{assumed_version} : protocol_version(value);
  if (!version || std::ranges::find(versions, *version) == versions.end()) {
    return std::unexpected(unsupported(value.empty() ? word(assumed_version) : value, versions));
  }
  return *version;
}

std::string encode_field_value(std::string_view value) {
  const auto is_plain = [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; };
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool is_sentinel = value.starts_with("=?base64?") && value.ends_with("?=");
  const bool has_edges = !value.empty() && (is_blank(value.front()) || is_blank(value.back()));
  if (!value.empty() && std::ranges::all_of(value, is_plain) && !is_sentinel && !has_edges) return std::string{value};
  return "=?base64?" + auth::base64(value) + "?=";
}

}  // namespace runagents::mcp
