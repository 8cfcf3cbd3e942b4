#include "core/http/head.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace runagents::http {
namespace {

enum : std::uint8_t { token_byte = 1, value_byte = 2, target_byte = 4 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool token = alphanumeric || (c != 0 && std::string_view{"!#$%&'*+-.^_`|~"}.find(static_cast<char>(c)) !=
                                                      std::string_view::npos);
    if (token) classes[c] |= token_byte;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) classes[c] |= value_byte;
    if (c != ' ' && c != '\r' && c != '\n') classes[c] |= target_byte;
  }
  return classes;
}
constexpr auto classes = make_classes();

bool is(char c, std::uint8_t byte_class) noexcept { return (classes[static_cast<unsigned char>(c)] & byte_class) != 0; }

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::unexpected<HeadError> malformed(std::string_view message) {
  return std::unexpected(HeadError{HeadError::Kind::malformed, message});
}
std::unexpected<HeadError> too_large(std::string_view message) {
  return std::unexpected(HeadError{HeadError::Kind::too_large, message});
}

/// Reads forward over bytes; `incomplete` is not an error: more bytes may come.
struct Cursor {
  std::string_view bytes;
  std::size_t at = 0;

  [[nodiscard]] bool exhausted() const noexcept { return at >= bytes.size(); }
  [[nodiscard]] char peek() const noexcept { return bytes[at]; }

  std::string_view take(std::uint8_t byte_class) noexcept {
    const auto start = at;
    while (at < bytes.size() && is(bytes[at], byte_class)) ++at;
    return bytes.substr(start, at - start);
  }

  std::string_view take_until_line_end() noexcept { return take(value_byte); }
};

enum class Step { ok, incomplete, wrong };

Step take_crlf(Cursor& cursor) noexcept {
  if (cursor.exhausted()) return Step::incomplete;
  if (cursor.peek() != '\r') return Step::wrong;
  if (cursor.at + 1 >= cursor.bytes.size()) return Step::incomplete;
  if (cursor.bytes[cursor.at + 1] != '\n') return Step::wrong;
  cursor.at += 2;
  return Step::ok;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Field lines up to and with the empty line. Returns false when more bytes are needed.
std::expected<bool, HeadError> parse_fields(Cursor& cursor, const HeadLimits& limits, std::vector<Field>& fields) {
  for (;;) {
    const Step end = take_crlf(cursor);
    if (end == Step::ok) return true;
    if (end == Step::incomplete) return false;
    const auto name = cursor.take(token_byte);
    if (cursor.exhausted()) return false;
    if (name.empty()) {
      const bool blank = cursor.peek() == ' ' || cursor.peek() == '\t';
      return malformed(blank ? "a folded header line" : "a header line without a name");
    }
    if (cursor.peek() != ':') return malformed("a header name is followed by something other than a colon");
    ++cursor.at;
    const auto value = cursor.take_until_line_end();
    switch (take_crlf(cursor)) {
      case Step::incomplete:
        return false;
      case Step::wrong:
        return malformed("a control byte, or a bare CR or LF, in a header value");
      case Step::ok:
        break;
    }
    if (fields.size() == limits.max_fields) return too_large("too many header lines");
    fields.push_back({name, trim_blanks(value)});
  }
}

std::optional<std::uint64_t> parse_length(std::string_view text) noexcept {
  // 18 digits stay below 2^63 whatever they are.
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// What the fields say about framing and the connection; shared by requests and responses.
struct Semantics {
  std::optional<std::uint64_t> length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  bool connection_upgrade = false;
};

std::optional<std::string_view> read_framing_field(const Field& field, Semantics& semantics) {
  if (equal_ignoring_case(field.name, "content-length")) {
    if (semantics.length) return "more than one Content-Length";
    semantics.length = parse_length(field.value);
    if (!semantics.length) return "a Content-Length that is not a number";
  } else if (equal_ignoring_case(field.name, "transfer-encoding")) {
    if (semantics.chunked) return "more than one Transfer-Encoding";
    if (!equal_ignoring_case(field.value, "chunked")) return "a transfer coding other than chunked";
    semantics.chunked = true;
  } else if (equal_ignoring_case(field.name, "connection")) {
    semantics.close |= list_has_token(field.value, "close");
    semantics.keep_alive |= list_has_token(field.value, "keep-alive");
    semantics.connection_upgrade |= list_has_token(field.value, "upgrade");
  }
  return std::nullopt;
}

std::optional<std::string_view> read_request_field(const Field& field, RequestHead& head) {
  if (equal_ignoring_case(field.name, "host")) {
    if (head.has_host) return "more than one Host";
    head.has_host = true;
    head.host = field.value;
  } else if (equal_ignoring_case(field.name, "expect")) {
    if (!equal_ignoring_case(field.value, "100-continue")) return "an expectation other than 100-continue";
    head.expects_continue = true;
  } else if (equal_ignoring_case(field.name, "upgrade")) {
    if (!head.upgrade.empty()) return "more than one Upgrade";
    head.upgrade = field.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> check_framing(const Semantics& semantics, int minor_version) {
  if (semantics.chunked && semantics.length) return "Content-Length next to Transfer-Encoding";
  if (semantics.chunked && minor_version == 0) return "Transfer-Encoding in HTTP/1.0";
  return std::nullopt;
}

bool persists(const Semantics& semantics, int minor_version) noexcept {
  return !semantics.close && (minor_version == 1 || semantics.keep_alive);
}

std::expected<void, HeadError> interpret(RequestHead& head) {
  Semantics semantics;
  for (const auto& field : head.fields) {
    // Most fields concern nobody here; their first letters tell.
    switch (lower(field.name.front())) {
      case 'c':
      case 't':
        if (const auto wrong = read_framing_field(field, semantics)) return malformed(*wrong);
        break;
      case 'h':
      case 'e':
      case 'u':
        if (const auto wrong = read_request_field(field, head)) return malformed(*wrong);
        break;
      default:
        break;
    }
  }
  if (const auto wrong = check_framing(semantics, head.minor_version)) return malformed(*wrong);
  if (head.minor_version == 1 && !head.has_host) return malformed("no Host");
  if (semantics.chunked) {
    head.framing = Framing::chunked;
  } else if (semantics.length.value_or(0) > 0) {
    head.framing = Framing::length;
    head.content_length = *semantics.length;
  }
  head.keep_alive = persists(semantics, head.minor_version);
  head.wants_upgrade = semantics.connection_upgrade && !head.upgrade.empty() && head.minor_version == 1;
  if (head.minor_version == 0 || head.framing == Framing::none) head.expects_continue = false;
  return {};
}

std::expected<void, HeadError> interpret(std::string_view method, ResponseHead& head) {
  Semantics semantics;
  for (const auto& field : head.fields) {
    if (const auto wrong = read_framing_field(field, semantics)) return malformed(*wrong);
  }
  if (const auto wrong = check_framing(semantics, head.minor_version)) return malformed(*wrong);
  head.has_content_length = semantics.length.has_value();
  head.content_length = semantics.length.value_or(0);
  if (has_no_body(method, head.status)) {
    head.framing = Framing::none;
  } else if (semantics.chunked) {
    head.framing = Framing::chunked;
  } else if (semantics.length) {
    head.framing = *semantics.length > 0 ? Framing::length : Framing::none;
  } else {
    head.framing = Framing::until_close;
  }
  head.keep_alive = persists(semantics, head.minor_version) && head.framing != Framing::until_close;
  return {};
}

constexpr std::string_view version_prefix = "HTTP/1.";

/// "HTTP/1.0" or "HTTP/1.1" at the cursor.
Step take_version(Cursor& cursor, int& minor) noexcept {
  const auto rest = cursor.bytes.substr(cursor.at);
  const auto known = std::min(rest.size(), version_prefix.size());
  if (rest.substr(0, known) != version_prefix.substr(0, known)) return Step::wrong;
  if (rest.size() <= version_prefix.size()) return Step::incomplete;
  const char digit = rest[version_prefix.size()];
  if (digit != '0' && digit != '1') return Step::wrong;
  minor = digit - '0';
  cursor.at += version_prefix.size() + 1;
  return Step::ok;
}

constexpr std::size_t max_method_bytes = 32;

std::expected<bool, HeadError> parse_request_line(Cursor& cursor, RequestHead& head) {
  head.method = cursor.take(token_byte);
  if (head.method.size() > max_method_bytes) return malformed("a method that is too long");
  if (cursor.exhausted()) return false;
  if (head.method.empty() || cursor.peek() != ' ') return malformed("a request line without a method");
  ++cursor.at;
  head.target = cursor.take(target_byte);
  if (cursor.exhausted()) return false;
  if (head.target.empty() || cursor.peek() != ' ') return malformed("a request line without a target");
  ++cursor.at;
  switch (take_version(cursor, head.minor_version)) {
    case Step::incomplete:
      return false;
    case Step::wrong:
      return malformed("a protocol version other than HTTP/1.0 and HTTP/1.1");
    case Step::ok:
      break;
  }
  const Step end = take_crlf(cursor);
  if (end == Step::wrong) return malformed("a request line that does not end in CR LF");
  return end == Step::ok;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::expected<bool, HeadError> parse_status_line(Cursor& cursor, ResponseHead& head) {
  const Step version = take_version(cursor, head.minor_version);
  if (version == Step::wrong) return malformed("a status line without HTTP/1.0 or HTTP/1.1");
  if (version == Step::incomplete || cursor.at + 4 >= cursor.bytes.size()) return false;
  const auto code = cursor.bytes.substr(cursor.at, 4);
  if (code[0] != ' ' || code[1] < '1' || code[1] > '9' || !is_digit(code[2]) || !is_digit(code[3])) {
    return malformed("a status line without a status");
  }
  head.status = (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  cursor.at += 4;
  if (cursor.peek() != ' ' && cursor.peek() != '\r') return malformed("a status of more than three digits");
  head.reason = trim_blanks(cursor.take_until_line_end());
  const Step end = take_crlf(cursor);
  if (end == Step::wrong) return malformed("a status line that does not end in CR LF");
  return end == Step::ok;
}

/// Turns "need more bytes" into a refusal once the limit is reached.
std::expected<std::size_t, HeadError> incomplete(std::string_view bytes, const HeadLimits& limits) {
  if (bytes.size() >= limits.max_head_bytes) return too_large("the head is too large");
  return 0;
}

}  // namespace

std::expected<std::size_t, HeadError> parse_request_head(std::string_view bytes, const HeadLimits& limits,
                                                         RequestHead& head) {
  Cursor cursor{bytes.substr(0, limits.max_head_bytes)};
  auto fields = std::move(head.fields);
  fields.clear();
  head = RequestHead{};
  head.fields = std::move(fields);
  const auto line = parse_request_line(cursor, head);
  if (!line) return std::unexpected(line.error());
  if (!*line) return incomplete(bytes, limits);
  const auto rest = parse_fields(cursor, limits, head.fields);
  if (!rest) return std::unexpected(rest.error());
  if (!*rest) return incomplete(bytes, limits);
  if (const auto meaning = interpret(head); !meaning) return std::unexpected(meaning.error());
  return cursor.at;
}

std::expected<std::size_t, HeadError> parse_response_head(std::string_view bytes, std::string_view method,
                                                          const HeadLimits& limits, ResponseHead& head) {
  Cursor cursor{bytes.substr(0, limits.max_head_bytes)};
  auto fields = std::move(head.fields);
  fields.clear();
  head = ResponseHead{};
  head.fields = std::move(fields);
  const auto line = parse_status_line(cursor, head);
  if (!line) return std::unexpected(line.error());
  if (!*line) return incomplete(bytes, limits);
  const auto rest = parse_fields(cursor, limits, head.fields);
  if (!rest) return std::unexpected(rest.error());
  if (!*rest) return incomplete(bytes, limits);
  if (const auto meaning = interpret(method, head); !meaning) return std::unexpected(meaning.error());
  return cursor.at;
}

std::expected<std::size_t, HeadError> parse_trailers(std::string_view bytes, const HeadLimits& limits,
                                                     std::vector<Field>& fields) {
  Cursor cursor{bytes.substr(0, limits.max_head_bytes)};
  fields.clear();
  const auto complete = parse_fields(cursor, limits, fields);
  if (!complete) return std::unexpected(complete.error());
  if (!*complete) return incomplete(bytes, limits);
  return cursor.at;
}

bool has_no_body(std::string_view method, int status) noexcept {
  return method == "HEAD" || status < 200 || status == 204 || status == 304;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

bool list_has_token(std::string_view list, std::string_view token) noexcept {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (equal_ignoring_case(trim_blanks(list.substr(0, comma)), token)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is(c, token_byte); });
}

}  // namespace runagents::http
