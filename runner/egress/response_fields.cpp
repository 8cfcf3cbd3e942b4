#include <algorithm>
#include <cstddef>

#include "runner/egress/fields.hpp"
#include "runner/egress/request_head.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress {
namespace {

// Most heads fit, so that one allocation holds them.
constexpr std::size_t usual_size = 512;

bool is_dropped(std::string_view name) {
  switch (name.front() | 0x20) {
    // Alt-Svc would send the agent past this proxy.
    case 'a':
      return same_field(name, "alt-svc");
    case 'c':
      return same_field(name, "connection") || same_field(name, "content-length");
    case 'k':
      return same_field(name, "keep-alive");
    // Proxy-Status is how an agent tells a refusal from the tool's own answer, so no tool may say it.
    case 'p':
      return field_starts_with(name, "proxy-");
    // The same for gRPC, where the code has a field of its own.
    case 'r':
      return field_starts_with(name, "runagents-");
    case 't':
      return same_field(name, "transfer-encoding") || same_field(name, "te");
    case 'u':
      return same_field(name, "upgrade");
    default:
      return false;
  }
}

bool is_named_by_connection(std::string_view name, const std::vector<http::Field>& fields) {
  return std::ranges::any_of(fields, [name](const http::Field& field) {
    return same_field(field.name, "connection") && http::list_has_token(field.value, name);
  });
}

/// "http://127.0.0.1:PORT/path" for a URL inside the tool of the alias door through which the call came.
void append_location(std::string& out, const Call& call, std::string_view location) {
  if (call.arrival->door == Door::alias) {
    const auto target = policy::parse_target(location);
    const auto& base = call.tool->base_url;
    if (target && target->scheme == base.scheme && target->authority.host == base.host &&
        target->authority.port == base.port &&
        call.snapshot->evaluator.identify(base.host, base.port, target->path) == call.tool) {
      out.append("http://").append(call.arrival->authority);
      location.remove_prefix(location.find("://") + 3);
      const auto path = location.find_first_of("/?#");
      out.append(path == std::string_view::npos ? std::string_view{"/"} : location.substr(path));
      return;
    }
  }
  out.append(location);
}

}  // namespace

void write_response_fields(std::string& out, const Call& call, const http::ResponseHead& response) {
  out.clear();
  out.reserve(usual_size);
  for (const auto& field : response.fields) {
    if (is_dropped(field.name) || is_named_by_connection(field.name, response.fields)) continue;
    out.append(field.name).append(": ");
    if (same_field(field.name, "location")) {
      append_location(out, call, field.value);
    } else {
      out.append(field.value);
    }
    out.append("\r\n");
  }
  if (call.credential && call.credential->scrub) call.credential->scrub->scrub(out);
}

}  // namespace runagents::egress
