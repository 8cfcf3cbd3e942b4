#include "core/policy/target.hpp"

#include <algorithm>
#include <charconv>

#include "core/policy/target_error.hpp"

namespace runagents::policy {
namespace {

struct HostAndPort {
  std::string_view host;
  std::string_view port;  ///< without the colon
};

TargetResult<HostAndPort> split_authority(std::string_view raw) {
  // In brackets everything belongs to the host; behind them only a port may follow.
  const auto bracket = raw.starts_with('[') ? raw.find(']') : 0;
  if (bracket == raw.npos) return bad("the host holds a bracket that is not closed");
  const auto host_end = bracket == 0 ? std::min(raw.find(':'), raw.size()) : bracket + 1;
  const auto rest = raw.substr(host_end);
  if (!rest.empty() && rest.front() != ':') return bad("something other than a port follows the host");
  const auto port = rest.empty() ? rest : rest.substr(1);
  if (port.contains(':')) return bad("the authority holds more than one colon; an IPv6 address stands in brackets");
  return HostAndPort{raw.substr(0, host_end), port};
}

TargetResult<std::uint16_t> parse_port(std::string_view text, std::uint16_t default_port) {
  if (text.empty()) {
    if (default_port == 0) return bad("the port is missing");
    return default_port;
  }
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.front() == '0') {
    return bad("the port is not a number from 1 to 65535");
  }
  return port;
}

std::string_view scheme_of(std::string_view url) noexcept {
  const auto is = [url](std::string_view scheme) {
    return url.size() > scheme.size() + 3 && url.substr(scheme.size(), 3) == "://" &&
           std::ranges::equal(url.substr(0, scheme.size()), scheme, [](char a, char b) { return (a | 0x20) == b; });
  };
  if (is("https")) return "https";
  if (is("http")) return "http";
  return {};
}

}  // namespace

TargetResult<Authority> parse_authority(std::string_view raw, std::uint16_t default_port) {
  if (raw.contains('@')) return ambiguous("the authority holds user information");
  if (raw.contains('\\')) return ambiguous("the authority holds a backslash");
  const auto parts = split_authority(raw);
  if (!parts) return std::unexpected(parts.error());
  std::string scratch;
  const auto host = canonical_host(parts->host, scratch);
  if (!host) return std::unexpected(host.error());
  const auto port = parse_port(parts->port, default_port);
  if (!port) return std::unexpected(port.error());
  return Authority{std::string(*host), *port};
}

TargetResult<Target> parse_target(std::string_view url) {
  const auto scheme = scheme_of(url);
  if (scheme.empty()) return bad("the target is not an absolute http or https URL");
  if (url.contains('#')) return ambiguous("the target holds a fragment (\"#\")");
  const auto rest = url.substr(scheme.size() + 3);
  const auto authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  auto authority = parse_authority(rest.substr(0, authority_end), default_port(scheme));
  if (!authority) return std::unexpected(authority.error());

  const auto tail = rest.substr(authority_end);
  const auto question = tail.find('?');
  const auto raw_path = tail.substr(0, question);
  std::string scratch;
  const auto path = canonical_path(raw_path.empty() ? "/" : raw_path, scratch);
  if (!path) return std::unexpected(path.error());

  Target target{.scheme = std::string(scheme),
                .authority = *std::move(authority),
                .path = std::string(path->text),
                .query = {},
                .has_query = question != tail.npos,
                .encoded_slash = path->encoded_slash};
  if (target.has_query) target.query = tail.substr(question + 1);
  const auto checked = check_query(target.query);
  if (!checked) return std::unexpected(checked.error());
  return target;
}

std::string Target::to_string() const {
  const bool is_ipv6 = authority.host.contains(':');
  std::string text = scheme + "://";
  text += is_ipv6 ? "[" + authority.host + "]" : authority.host;
  if (authority.port != default_port(scheme)) text += ":" + std::to_string(authority.port);
  text += path;
  if (has_query) text += "?" + query;
  return text;
}

bool is_refused_method(std::string_view method) noexcept {
  const auto is = [method](std::string_view name) {
    return std::ranges::equal(method, name, [](char a, char b) { return (a & ~0x20) == b; });
  };
  return is("CONNECT") || is("TRACE") || is("TRACK") || is("PRI");
}

TargetResult<void> check_method_case(std::string_view method) {
  if (std::ranges::none_of(method, [](char c) { return c >= 'a' && c <= 'z'; })) return {};
  return ambiguous("the method " + std::string(method) +
                   " is not in upper case, and servers read that in different ways");
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "https") return 443;
  if (scheme == "http") return 80;
  return 0;
}

}  // namespace runagents::policy
