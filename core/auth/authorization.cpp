#include "core/auth/authorization.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/auth/percent.hpp"
#include "core/auth/scopes.hpp"

namespace runagents::auth {
namespace {

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// A value of a form; nothing when it is badly encoded.
std::optional<std::string> form_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = high < 0 ? -1 : digit_of(text[i + 2]);
      if (low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace

std::string authorization_url(const model::Auth& auth, std::string_view redirect_uri, std::string_view state,
                              std::string_view challenge) {
  std::string url = auth.auth_url;
  char separator = url.contains('?') ? '&' : '?';
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    url.append({separator}).append(percent_encoded(name)).append("=").append(percent_encoded(value));
    separator = '&';
  };
  add("response_type", "code");
  add("client_id", auth.client_id);
  add("redirect_uri", redirect_uri);
  add("scope", joined(auth.scopes));
  add("state", state);
  add("code_challenge", challenge);
  add("code_challenge_method", "S256");
  add("audience", auth.audience);
  add("resource", auth.resource);
  for (const auto& [name, value] : auth.auth_params) add(name, value);
  return url;
}

std::expected<AuthorizationResponse, std::string_view> read_authorization_response(std::string_view query) {
  AuthorizationResponse response;
  struct Parameter {
    std::string_view name;
    std::string* into;
    bool seen = false;
  };
  std::array parameters = {Parameter{"code", &response.code}, Parameter{"error", &response.error},
                           Parameter{"state", &response.state}, Parameter{"iss", &response.iss}};
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const auto equals = std::min(one.find('='), one.size());
    const auto name = form_decoded(one.substr(0, equals));
    auto value = form_decoded(one.substr(std::min(equals + 1, one.size())));
    if (!name || !value) return std::unexpected("it is badly encoded");
    auto* const found = std::ranges::find(parameters, *name, &Parameter::name);
    if (found == parameters.end()) continue;
    if (found->seen) return std::unexpected("a parameter comes twice");
    found->seen = true;
    *found->into = std::move(*value);
  }
  if (response.state.empty()) return std::unexpected("it has no state");
  if (response.code.empty() == response.error.empty()) return std::unexpected("it needs either a code or an error");
  return response;
}

}  // namespace runagents::auth
