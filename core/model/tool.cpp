#include "core/model/tool.hpp"

#include <algorithm>

namespace runagents::model {
namespace {

bool is_own_port(std::string_view scheme, std::uint16_t port) noexcept {
  return port == 0 || (scheme == "http" && port == 80) || (scheme == "https" && port == 443);
}

}  // namespace

std::string_view word(ToolKind kind) noexcept {
  switch (kind) {
    case ToolKind::http:
      return "http";
    case ToolKind::mcp:
      return "mcp";
    case ToolKind::tcp:
      return "tcp";
    case ToolKind::llm:
      return "llm";
  }
  return "http";
}

std::string Tool::title() const {
  if (!is_registered) return "the host \"" + name + "\"";
  return (kind == ToolKind::llm ? "the provider \"" : "the tool \"") + name + "\"";
}

std::string_view word(HttpVersion version) noexcept {
  switch (version) {
    case HttpVersion::automatic:
      return "auto";
    case HttpVersion::http1:
      return "1.1";
    case HttpVersion::http2:
      return "2";
  }
  return "auto";
}

std::string_view word(AuthType type) noexcept {
  switch (type) {
    case AuthType::none:
      return "none";
    case AuthType::api_key:
      return "api_key";
    case AuthType::basic:
      return "basic";
    case AuthType::bearer:
      return "bearer";
    case AuthType::oauth2:
      return "oauth2";
    case AuthType::aws_sigv4:
      return "aws_sigv4";
    case AuthType::agent_token:
      return "agent_token";
  }
  return "none";
}

std::string_view word(OAuthGrant grant) noexcept {
  switch (grant) {
    case OAuthGrant::authorization_code:
      return "authorization_code";
    case OAuthGrant::refresh_token:
      return "refresh_token";
    case OAuthGrant::client_credentials:
      return "client_credentials";
    case OAuthGrant::token_exchange:
      return "token_exchange";
  }
  return "client_credentials";
}

bool Auth::may_use(OAuthGrant grant) const noexcept { return std::ranges::find(grants, grant) != grants.end(); }

std::vector<SecretReference> Auth::references() const {
  std::vector<SecretReference> all;
  for (const auto* one : {&secret, &client_secret, &refresh_token}) {
    if (*one) all.push_back(**one);
  }
  return all;
}

std::string BaseUrl::authority() const {
  const bool is_ipv6 = host.contains(':');
  std::string result = is_ipv6 ? "[" + host + "]" : host;
  if (!is_own_port(scheme, port)) result += ":" + std::to_string(port);
  return result;
}

std::string BaseUrl::to_string() const { return scheme + "://" + authority() + path; }

}  // namespace runagents::model
