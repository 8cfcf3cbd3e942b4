#include <algorithm>
#include <charconv>
#include <optional>

#include "runner/egress/fields.hpp"
#include "runner/egress/stages.hpp"
#include "runner/gateway/stages.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

std::unexpected<Refusal> refuse(const policy::TargetError& error) {
  return egress::refuse(error.code, "the request target is refused: " + error.message);
}

std::unexpected<Refusal> other_server(std::string message) { return egress::refuse(misdirected, std::move(message)); }

/// What a TRACE brings back holds the credential; what a CONNECT opens cannot be looked into.
Verdict check_method(const Call& call) {
  const auto method = call.method();
  if (!policy::is_refused_method(method)) {
    const auto sound = policy::check_method_case(method);
    if (sound) return pass();
    return egress::refuse(sound.error().code, sound.error().message, "write methods in capitals");
  }
  const auto& destination = call.arrival->destination;
  // Inside a tunnel there is no other; a connection that nobody looks into counts as one from its beginning.
  const bool may_connect = destination ? destination->bytes_only : call.arrival->door == Door::forward;
  if (method == "CONNECT" && may_connect) return pass();
  return egress::refuse(method_not_allowed, "the method " + std::string{method} + " is never sent to a tool");
}

Verdict check_overrides(const Call& call) {
  for (const auto& field : call.head->fields) {
    if (is_method_override(field.name)) {
      return egress::refuse(ambiguous_target,
                            "the header " + std::string{field.name} + " asks for another method than the request's",
                            "send the request with the method that is meant");
    }
  }
  return pass();
}

/// origin-form: "/path?query"
Verdict read_origin_form(Call& call, std::string_view target) {
  const auto mark = target.find('?');
  const auto path = policy::canonical_path(target.substr(0, mark), call.path_scratch);
  if (!path) return refuse(path.error());
  call.path = path->text;
  call.encoded_slash = path->encoded_slash;
  if (mark != std::string_view::npos) {
    call.has_query = true;
    call.query = target.substr(mark + 1);
    if (const auto query = policy::check_query(call.query); !query) return refuse(query.error());
  }
  return pass();
}

/// absolute-form: "http://host/path?query"
Verdict read_absolute_form(Call& call, std::string_view target) {
  auto parsed = policy::parse_target(target);
  if (!parsed) return refuse(parsed.error());
  call.target = std::move(*parsed);
  call.scheme = call.target.scheme;
  call.host = call.target.authority.host;
  call.port = call.target.authority.port;
  call.path = call.target.path;
  call.query = call.target.query;
  call.has_query = call.target.has_query;
  call.encoded_slash = call.target.encoded_slash;
  return pass();
}

bool names_listener(std::string_view host, const Arrival& arrival) {
  if (host == arrival.authority) return true;
  const auto port = std::string_view{arrival.authority}.substr(arrival.authority.find(':'));
  constexpr std::string_view localhost = "localhost";
  return host.size() == localhost.size() + port.size() && host.ends_with(port) &&
         http::equal_ignoring_case(host.substr(0, localhost.size()), localhost);
}

/// A target in absolute-form, taken apart and not looked at any closer.
struct AbsoluteForm {
  std::string_view scheme;
  std::string_view authority;
  std::string_view rest;
};
std::optional<AbsoluteForm> as_absolute_form(std::string_view target) {
  const auto mark = target.find("://");
  if (target.starts_with('/') || mark == std::string_view::npos) return std::nullopt;
  const auto begin = mark + 3;
  const auto end = std::min(target.find('/', begin), target.size());
  return AbsoluteForm{target.substr(0, mark), target.substr(begin, end - begin), target.substr(end)};
}

/// A listener of one tool, or of the gateway: only where in it is said by the target.
Verdict read_own_target(Call& call) {
  const auto& arrival = *call.arrival;
  if (call.head->has_host && !names_listener(call.head->host, arrival)) {
    return other_server("Host \"" + std::string{call.head->host} + "\" is not this listener, " + arrival.authority);
  }
  auto target = call.head->target;
  if (const auto absolute = as_absolute_form(target)) {
    // It is as good as origin-form when it names this listener (RFC 9112, section 3.2.2).
    if (absolute->scheme != "http" || !names_listener(absolute->authority, arrival)) {
      return other_server("the target \"" + std::string{target.substr(0, 80)} + "\" is not on this listener");
    }
    target = absolute->rest;
  }
  if (!target.starts_with('/')) {
    return egress::refuse(bad_request, "this listener takes paths, not \"" + std::string{target.substr(0, 80)} + "\"");
  }
  return read_origin_form(call, target);
}

Verdict read_alias_target(Call& call) {
  const auto& base = call.arrival->tool->base_url;
  call.scheme = base.scheme;
  call.host = base.host;
  call.port = base.port;
  return read_own_target(call);
}

Verdict read_gateway_target(Call& call) {
  const std::string_view authority = call.arrival->authority;
  const auto colon = authority.rfind(':');
  call.scheme = "http";
  call.host = authority.substr(0, colon);
  std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), call.port);
  if (auto target = read_own_target(call); !target) return target;
  return gateway::read_endpoint(call);
}

Verdict check_host_against_target(const Call& call) {
  if (!call.head->has_host) return pass();
  const auto host = policy::parse_authority(call.head->host, policy::default_port(call.scheme));
  if (host && host->host == call.host && host->port == call.port) return pass();
  return other_server("Host \"" + std::string{call.head->host.substr(0, 255)} +
                      "\" and the request target name different servers");
}

Verdict read_connect_target(Call& call) {
  const auto target = call.head->target;
  if (target.find('/') != std::string_view::npos) {
    return egress::refuse(method_not_allowed, "CONNECT takes a host and a port, not a URL");
  }
  auto authority = policy::parse_authority(target, 0);
  if (!authority) return refuse(authority.error());
  if (authority->port == 0) return egress::refuse(bad_request, "CONNECT needs a port");
  call.target.authority = std::move(*authority);
  call.scheme = "https";
  call.host = call.target.authority.host;
  call.port = call.target.authority.port;
  call.path = "/";
  return check_host_against_target(call);
}

std::string quoted(std::string_view host) { return "\"" + std::string{host.substr(0, 255)} + "\""; }

/// Whose server a connection leads to is said up to four times: by the address that was dialled, by CONNECT, by TLS and
/// by Host. Whoever says it must say the same.
Verdict check_host_against_destination(const Call& call) {
  const auto& destination = *call.arrival->destination;
  const auto disagree = [&call](std::string_view other, std::string_view who) {
    return other_server("Host " + quoted(call.host) + " is not " + quoted(other) + ", which " + std::string{who});
  };
  if (call.port != destination.port) {
    return other_server("Host names port " + std::to_string(call.port) + " on a connection to port " +
                        std::to_string(destination.port));
  }
  if (!destination.host.empty() && call.host != destination.host) return disagree(destination.host, "was connected to");
  if (!destination.tls_name.empty() && call.host != destination.tls_name) {
    return disagree(destination.tls_name, "TLS was begun with");
  }
  if (!destination.address) return pass();
  boost::system::error_code not_literal;
  const auto literal = boost::asio::ip::make_address(std::string{call.host}, not_literal);
  const bool is_that_address = !not_literal && literal == *destination.address;
  // A name that nothing but Host says: in TLS the client would have been shown the wrong certificate.
  const bool is_unfounded = destination.host.empty() && destination.tls_name.empty() && destination.scheme == "https";
  if (is_that_address || (not_literal && !is_unfounded)) return pass();
  return disagree(destination.address->to_string(), "was dialled");
}

/// The agent's own connection to a server: a path, and Host says which server is meant.
Verdict read_inner_target(Call& call) {
  const auto& destination = *call.arrival->destination;
  const auto known = destination.tls_name.empty() ? destination.host : destination.tls_name;
  call.scheme = destination.scheme;
  if (!call.head->has_host && known.empty()) return egress::refuse(bad_request, "the request names no host");
  if (call.head->has_host) {
    auto authority = policy::parse_authority(call.head->host, policy::default_port(call.scheme));
    if (!authority) return refuse(authority.error());
    call.target.authority = std::move(*authority);
  } else {
    call.target.authority = {known, destination.port};
  }
  call.host = call.target.authority.host;
  call.port = call.target.authority.port;
  if (auto agreed = check_host_against_destination(call); !agreed) return agreed;
  auto target = call.head->target;
  if (!target.starts_with('/')) {
    // absolute-form is as good as origin-form when it says the same (RFC 9112, section 3.2.2).
    const auto absolute = as_absolute_form(target);
    const auto named =
        policy::parse_authority(absolute ? absolute->authority : std::string_view{}, policy::default_port(call.scheme));
    if (!absolute || absolute->scheme != call.scheme || !named || *named != call.target.authority) {
      return other_server("the target " + quoted(target) + " is not on this connection");
    }
    target = absolute->rest;
    if (!target.starts_with('/')) return egress::refuse(bad_request, "the request target has no path");
  }
  return read_origin_form(call, target);
}

Verdict read_forward_target(Call& call) {
  if (call.head->target.starts_with('/') || call.head->target == "*") {
    return other_server("this is a forward proxy; the request target must be an absolute URL");
  }
  if (auto target = read_absolute_form(call, call.head->target); !target) return target;
  return check_host_against_target(call);
}

Verdict read_by_door(Call& call) {
  if (call.arrival->destination) return read_inner_target(call);
  if (call.arrival->door == Door::gateway) return read_gateway_target(call);
  return call.arrival->door == Door::alias ? read_alias_target(call) : read_forward_target(call);
}

}  // namespace

// One reading of the request, or none.
Verdict read_target(const Snapshot& /*snapshot*/, Call& call) {
  // Its refusals are in the words of the API that is asked for.
  if (call.arrival->door == Door::gateway) {
    call.inference = std::make_unique<gateway::Inference>(gateway::error_api_of(call.head->target));
  }
  if (auto method = check_method(call); !method) return method;
  if (call.method() == "CONNECT") return read_connect_target(call);
  auto target = read_by_door(call);
  if (!target) return target;
  if (call.grpc && !call.grpc->problem.empty()) return egress::refuse(bad_request, call.grpc->problem);
  return check_overrides(call);
}

}  // namespace runagents::egress
