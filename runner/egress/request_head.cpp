#include "runner/egress/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/http/field_lines.hpp"
#include "runner/egress/fields.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {
namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> known) {
  return std::ranges::any_of(known, [name](std::string_view one) { return same_field(name, one); });
}

/// Fields of one connection (RFC 9110, section 7.6.1), and those that this proxy writes itself.
bool is_hop_by_hop(std::string_view name) {
  switch (name.front() | 0x20) {
    case 'c':
      return is_one_of(name, {"connection", "content-length"});
    case 'e':
      return same_field(name, "expect");
    case 'h':
      return is_one_of(name, {"host", "http2-settings"});
    case 'k':
      return same_field(name, "keep-alive");
    case 'p':
      return field_starts_with(name, "proxy-");
    case 't':
      return is_one_of(name, {"te", "transfer-encoding"});
    case 'u':
      return same_field(name, "upgrade");
    default:
      return false;
  }
}

/// What only the proxy may say about a call.
bool is_reserved(std::string_view name) {
  switch (name.front() | 0x20) {
    case 'f':
      return same_field(name, "forwarded");
    case 'x':
      return field_starts_with(name, "x-forwarded-") || same_field(name, "x-end-user-id") ||
             field_starts_with(name, "x-runagents-");
    default:
      return false;
  }
}

/// Where the credential goes, and every other place where the agent could put one of its own.
bool is_credential_place(std::string_view name, const Call& call) {
  const auto& auth = call.tool->auth;
  if (auth.type == model::AuthType::none) return false;
  if (same_field(name, "authorization")) return true;
  if (!call.credential) return false;
  if (call.credential->signer) return call.credential->signer->replaces_field(name);
  const auto& field = call.credential->field;
  if (field.empty() || name.size() != field.size()) return false;
  return std::ranges::equal(name, field, [](char a, char b) {
    const auto fold = [](char c) { return c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c); };
    return fold(a) == fold(b);
  });
}

bool is_trace_field(std::string_view name, const Call& call) {
  return call.tool->trace_headers && is_one_of(name, {"x-request-id", "x-run-id"});
}

/// What the agent's own Connection field names belongs to the hop, whatever it is.
bool is_named_by_connection(std::string_view name, const std::vector<http::Field>& fields) {
  return std::ranges::any_of(fields, [name](const http::Field& field) {
    return same_field(field.name, "connection") && http::list_has_token(field.value, name);
  });
}

bool names_more_than_the_hop(const std::vector<http::Field>& fields) {
  return std::ranges::any_of(fields, [](const http::Field& field) {
    return same_field(field.name, "connection") && !http::equal_ignoring_case(field.value, "keep-alive") &&
           !http::equal_ignoring_case(field.value, "close");
  });
}

char decoded(std::string_view text, std::size_t& at) {
  const auto hex = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  if (text[at] == '%' && at + 2 < text.size() && std::isxdigit(static_cast<unsigned char>(text[at + 1])) != 0 &&
      std::isxdigit(static_cast<unsigned char>(text[at + 2])) != 0) {
    const int value = hex(text[at + 1]) * 16 + hex(text[at + 2]);
    at += 3;
    return static_cast<char>(value);
  }
  const char c = text[at++];
  return c == '+' ? ' ' : c;
}

/// "name" of a raw parameter ("na%6De=value").
std::string decoded_name(std::string_view parameter) {
  const auto raw = parameter.substr(0, parameter.find('='));
  std::string name;
  for (std::size_t at = 0; at < raw.size();) name.push_back(decoded(raw, at));
  return name;
}

/// The agent's query, less its own values for the credential's parameter, plus the credential.
void append_query(std::string& out, const Call& call) {
  const auto* credential = call.credential.get();
  if (credential == nullptr || credential->parameter.empty()) {
    if (call.has_query) out.append("?").append(call.query);
    return;
  }
  char separator = '?';
  auto rest = call.query;
  while (!rest.empty()) {
    // Servers split at ";" too, so a value may not hide behind one.
    const auto end = rest.find_first_of("&;");
    const auto parameter = rest.substr(0, end);
    if (!parameter.empty() && decoded_name(parameter) != credential->parameter) {
      out.push_back(separator);
      out.append(parameter);
      separator = '&';
    }
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  out.push_back(separator);
  out.append(credential->parameter).append("=").append(credential->value.reveal());
}

void append_target(std::string& out, const Call& call) {
  if (call.credential && call.credential->signer) {
    return call.credential->signer->write_target(call.path, call.query, out);
  }
  out.append(call.path);
  append_query(out, call);
}

void append_host(std::string& out, const model::BaseUrl& base) {
  out.append("Host: ");
  const bool v6 = base.host.find(':') != std::string::npos;
  out.append(v6 ? "[" : "").append(base.host).append(v6 ? "]" : "");
  if (base.port != policy::default_port(base.scheme) && base.port != 0) {
    out.push_back(':');
    append_number(out, base.port);
  }
  out.append("\r\n");
}

void append_framing(std::string& out, const Call& call, const RequestFraming& framing) {
  if (framing.framing == http::Framing::chunked) {
    append_field(out, "Transfer-Encoding", "chunked");
  } else if (framing.framing == http::Framing::length || call.method() == "POST" || call.method() == "PUT" ||
             call.method() == "PATCH") {
    // An empty body is said to be empty where one is expected (RFC 9110, section 8.6).
    out.append("Content-Length: ");
    append_number(out, framing.content_length);
    out.append("\r\n");
  }
  if (framing.expects_continue) append_field(out, "Expect", "100-continue");
  if (framing.upgrade) {
    append_field(out, "Connection", "Upgrade");
    append_field(out, "Upgrade", call.head->upgrade);
  }
}

/// Signs the request line and all fields that stand in `out`, which is a whole head but for its last line.
void append_signature(std::string& out, const Call& call, const RequestFraming& framing) {
  const std::string head = out;
  std::string_view rest = head;
  const auto line = http::take_line(rest);
  const auto target = line.substr(call.method().size() + 1, line.rfind(' ') - call.method().size() - 1);
  const auto mark = target.find('?');
  std::vector<http::Field> fields;
  while (!rest.empty()) fields.push_back(http::field_of(http::take_line(rest)));
  call.credential->signer->sign({.method = call.method(),
                                 .path = target.substr(0, mark),
                                 .query = mark == target.npos ? std::string_view{} : target.substr(mark + 1),
                                 .fields = fields,
                                 .agents = call.head->fields,
                                 .body = call.held_body ? &*call.held_body : nullptr,
                                 .has_body = framing.framing != http::Framing::none},
                                out);
}

/// What the server is told of a deadline is what is left of it.
bool is_grpc_timeout(std::string_view name, const Call& call) {
  return call.grpc && call.grpc->deadline && same_field(name, "grpc-timeout");
}
void append_time_left(std::string& out, const Call& call) {
  if (!call.grpc || !call.grpc->deadline) return;
  append_field(out, "grpc-timeout", write_grpc_timeout(*call.grpc->deadline - Clock::now()));
}

/// Nothing that frames, routes or authenticates may arrive after the fact.
bool may_trail(std::string_view name) {
  return !is_hop_by_hop(name) && !is_reserved(name) && !field_starts_with(name, "runagents-") &&
         !is_one_of(name,
                    {"authorization", "cookie", "set-cookie", "content-encoding", "content-type", "content-range",
                     "cache-control", "location", "x-request-id", "x-run-id", "traceparent", "tracestate", "trailer"});
}

}  // namespace

void write_request_head(std::string& out, const Call& call, const RequestFraming& framing) {
  out.assign(call.method()).append(" ");
  append_target(out, call);
  out.append(" HTTP/1.1\r\n");
  append_host(out, call.tool->base_url);
  const auto& fields = call.head->fields;
  const bool has_named = names_more_than_the_hop(fields);
  const auto* inference = call.inference.get();
  const bool looks_inside =
      inference != nullptr || (call.credential && call.credential->scrub) || (call.mcp && call.mcp->lists_tools);
  for (const auto& field : fields) {
    if (is_hop_by_hop(field.name) || is_reserved(field.name) || is_credential_place(field.name, call)) continue;
    if (looks_inside && is_one_of(field.name, {"accept-encoding", "grpc-accept-encoding"})) continue;
    if (inference != nullptr && !inference->passes_on(field.name)) continue;
    if (is_trace_field(field.name, call) || (has_named && is_named_by_connection(field.name, fields))) continue;
    if (is_grpc_timeout(field.name, call)) continue;
    append_field(out, field.name, field.value);
  }
  append_framing(out, call, framing);
  // Nothing can be found in what is compressed.
  if (looks_inside) append_field(out, call.grpc ? "grpc-accept-encoding" : "Accept-Encoding", "identity");
  append_time_left(out, call);
  if (inference != nullptr) out.append(inference->own_fields(fields));
  const auto* credential = call.credential.get();
  if (credential != nullptr && !credential->field.empty()) {
    append_field(out, credential->field, credential->value.reveal());
  }
  // For whom the agent works is no business of strangers.
  if (!call.end_user.empty() && call.tool->is_registered) append_field(out, "X-End-User-ID", call.end_user);
  if (call.tool->trace_headers) {
    append_field(out, "X-Request-Id", call.request_id);
    append_field(out, "X-Run-ID", call.snapshot->run_id);
  }
  if (credential != nullptr && credential->signer) append_signature(out, call, framing);
  out.append("\r\n");
}

void write_agent_head(std::string& out, const Call& call, const RequestFraming& framing) {
  out.assign(call.method()).append(" ").append(call.head->target).append(" HTTP/1.1\r\n");
  append_field(out, "Host", call.head->has_host ? call.head->host : std::string_view{call.arrival->authority});
  const auto& fields = call.head->fields;
  const bool has_named = names_more_than_the_hop(fields);
  for (const auto& field : fields) {
    if (is_hop_by_hop(field.name) || is_reserved(field.name)) continue;
    if (is_one_of(field.name, {"authorization", "traceparent", "tracestate", "x-request-id"})) continue;
    if (has_named && is_named_by_connection(field.name, fields)) continue;
    if (is_grpc_timeout(field.name, call)) continue;
    append_field(out, field.name, field.value);
  }
  append_framing(out, call, framing);
  append_time_left(out, call);
  append_field(out, "X-Forwarded-For", call.arrival->client);
  if (!call.end_user.empty()) append_field(out, "X-End-User-ID", call.end_user);
  append_field(out, "X-Request-Id", call.request_id);
  append_field(out, "traceparent", call.traceparent);
  out.append("\r\n");
}

void write_request_trailers(std::string& out, const Call& call, const std::vector<http::Field>& trailers) {
  out.clear();
  for (const auto& field : trailers) {
    const bool refused = is_credential_place(field.name, call) || is_method_override(field.name);
    if (!refused && may_trail(field.name)) append_field(out, field.name, field.value);
  }
}

void write_trailers(std::string& out, const Call& call, const std::vector<http::Field>& trailers) {
  out.clear();
  for (const auto& field : trailers) {
    if (may_trail(field.name)) append_field(out, field.name, field.value);
  }
  if (call.credential && call.credential->scrub) call.credential->scrub->scrub(out);
}

}  // namespace runagents::egress
