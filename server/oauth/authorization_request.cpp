#include "server/oauth/authorization_request.hpp"

#include <algorithm>

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t challenge_letters = 43;

std::unexpected<AuthorizationError> refused(std::string error, std::string description) {
  return std::unexpected(AuthorizationError{.error = std::move(error), .description = std::move(description)});
}

std::string_view origin_of(std::string_view uri) {
  const auto scheme = uri.find("://");
  if (scheme == std::string_view::npos) return {};
  return uri.substr(0, uri.find_first_of("/?", scheme + 3));
}

}  // namespace

Outgoing redirect_with(const ClientRedirect& to, std::string_view issuer, std::string_view name, std::string_view value,
                       std::string_view description) {
  std::string target = to.redirect_uri;
  const auto add = [&](std::string_view parameter, std::string_view text) {
    if (text.empty()) return;
    target += target.contains('?') ? '&' : '?';
    target.append(parameter) += '=';
    target += auth::percent_encoded(text);
  };
  add(name, value);
  add("error_description", description);
  add("state", to.state);
  add("iss", issuer);
  // 303: what was posted here, an API key among it, is not posted there (RFC 9700, section 4.12).
  return {303,
          {},
          {{"location", std::move(target)},
           {"content-type", "text/html; charset=utf-8"},
           {"referrer-policy", "no-referrer"},
           {"cache-control", "no-store"}}};
}

std::expected<SignInState, AuthorizationError> read_authorization_request(const Form& form) {
  if (form.has("request") || form.has("request_uri")) {
    return refused("request_not_supported", "request objects are not supported");
  }
  if (form.value("response_type") != "code") {
    return refused(form.has("response_type") ? "unsupported_response_type" : "invalid_request",
                   "response_type must be code");
  }
  if (form.has("response_mode") && form.value("response_mode") != "query") {
    return refused("invalid_request", "response_mode must be query");
  }
  const auto& challenge = form.value("code_challenge");
  if (challenge.size() != challenge_letters || !auth::from_base64url(challenge)) {
    return refused("invalid_request", "code_challenge is missing or is no SHA-256 (PKCE is required)");
  }
  if (form.value("code_challenge_method") != "S256") {
    return refused("invalid_request", "code_challenge_method must be S256");
  }
  if (form.value("prompt") == "none") return refused("login_required", "nobody is signed in");
  SignInState state;
  state.client_id = form.value("client_id");
  state.resources = form.values("resource");
  state.redirect_uri = form.value("redirect_uri");
  state.code_challenge = challenge;
  state.state = form.value("state");
  return state;
}

std::string form_target_of(std::string_view redirect_uri) {
  const auto origin = origin_of(redirect_uri);
  // An IPv6 address cannot be written as a source.
  return origin.contains('[') ? "http:" : std::string{origin};
}

std::string host_of(std::string_view redirect_uri) {
  const auto origin = origin_of(redirect_uri);
  return std::string{origin.substr(std::min(origin.find("://") + 3, origin.size()))};
}

}  // namespace runagents::server
