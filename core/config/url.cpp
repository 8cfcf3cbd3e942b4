#include "core/config/url.hpp"

#include "core/config/address.hpp"
#include "core/config/suggestion.hpp"
#include "core/policy/target.hpp"

namespace runagents::config {
namespace {

bool check_host(const Value& value, std::string_view host) {
  if (kind_of_host(host) != HostKind::forbidden) return true;
  value.report("leads to an address that is never called: unspecified, link-local, multicast or broadcast");
  return false;
}

std::optional<model::BaseUrl> read_tcp(const Value& value, std::string_view rest) {
  const auto authority = policy::parse_authority(rest, 0);
  if (!authority) {
    value.report("is not a TCP address: " + authority.error().message, "write it like \"tcp://localhost:5432\"");
    return std::nullopt;
  }
  if (!check_host(value, authority->host)) return std::nullopt;
  return model::BaseUrl{"tcp", authority->host, authority->port, {}};
}

std::optional<model::BaseUrl> read_builtin(const Value& value, std::string_view rest) {
  if (rest == "echo") return model::BaseUrl{"builtin", "echo", 0, {}};
  value.report("names no built-in tool", "the built-in tool is \"builtin://echo\"");
  return std::nullopt;
}

std::optional<policy::Target> read_target(const Value& value) {
  auto target = policy::parse_target(value.text());
  if (!target) {
    value.report("is not a URL: " + target.error().message, "write it like \"https://api.example.com/v1\"");
    return std::nullopt;
  }
  if (!check_host(value, target->authority.host)) return std::nullopt;
  return std::move(*target);
}

/// Why a path cannot be the start of every path of a tool; empty when it can.
std::string_view trouble_with_base_path(const policy::Target& target) {
  if (target.has_query) return "a base URL has no query";
  if (target.path.contains("//")) return "an empty segment in a base path";
  if (target.encoded_slash) return "an encoded slash in a base path";
  return {};
}

}  // namespace

std::optional<model::BaseUrl> read_http_base_url(const Value& value) {
  auto target = read_target(value);
  if (!target) return std::nullopt;
  if (const auto trouble = trouble_with_base_path(*target); !trouble.empty()) {
    value.report("is not a base URL: " + std::string{trouble});
    return std::nullopt;
  }
  if (target->path.ends_with('/')) target->path.pop_back();
  return model::BaseUrl{target->scheme, target->authority.host, target->authority.port, target->path};
}

std::optional<model::BaseUrl> read_base_url(const Value& value) {
  const std::string_view text = value.text();
  const auto separator = text.find("://");
  const auto scheme = text.substr(0, separator);
  const auto rest = separator == text.npos ? std::string_view{} : text.substr(separator + 3);
  if (scheme == "tcp") return read_tcp(value, rest);
  if (scheme == "builtin") return read_builtin(value, rest);
  return read_http_base_url(value);
}

std::optional<std::string> read_service_url(const Value& value) {
  const auto target = read_target(value);
  if (!target) return std::nullopt;
  if (leaves_in_clear(target->scheme, target->authority.host)) {
    value.report("must be https: what it answers is trusted");
    return std::nullopt;
  }
  return target->to_string();
}

bool leaves_in_clear(std::string_view scheme, std::string_view host) {
  return scheme == "http" && kind_of_host(host) != HostKind::loopback;
}

}  // namespace runagents::config
