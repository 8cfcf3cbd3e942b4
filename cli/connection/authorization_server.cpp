#include "cli/connection/authorization_server.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/connection/session.hpp"
#include "cli/output/text.hpp"
#include "core/api/answer.hpp"
#include "core/api/client.hpp"
#include "core/api/http_transport.hpp"
#include "core/auth/percent.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds longest_interval{60};

http::FetchRequest form_request(const std::string& url, const std::string& ca_file, std::string body) {
  return {.method = "POST",
          .url = url,
          .fields = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
          .body = std::move(body),
          .ca_file = ca_file};
}

Error error_in(const http::FetchResponse& response) {
  return api::error_of({.status = response.status, .body = response.body});
}

struct DeviceCode {
  std::string code;
  std::string user_code;
  std::string url;
  seconds lifetime{0};
  seconds interval{5};
};

seconds seconds_in(const Json& json, const char* name, seconds otherwise) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number_unsigned()) return otherwise;
  return seconds{std::min<std::uint64_t>(found->get<std::uint64_t>(), 86400)};
}

/// RFC 8628, 3.1 and 3.2.
Result<DeviceCode> begin_device(const AuthorizationServer& server, const auth::Fetch& fetch) {
  const auto response =
      fetch(form_request(server.device_url, server.ca_file, "client_id=" + std::string{login_client_id}));
  if (!response) return std::unexpected(response.error());
  if (response->status != 200) return std::unexpected(error_in(*response));
  const Json json = Json::parse(response->body, nullptr, false);
  DeviceCode code{.code = api::text_of(json, "device_code"),
                  .user_code = api::text_of(json, "user_code"),
                  .url = api::text_of(json, "verification_uri")};
  if (code.code.empty() || code.user_code.empty() || code.url.empty()) {
    return fail(ErrorCode::unavailable, "the server's answer has no device code");
  }
  if (auto complete = api::text_of(json, "verification_uri_complete"); !complete.empty()) code.url = complete;
  code.lifetime = seconds_in(json, "expires_in", seconds{600});
  code.interval = std::clamp(seconds_in(json, "interval", seconds{5}), seconds{1}, longest_interval);
  return code;
}

}  // namespace

auth::Fetch fetch_of(const Connection& connection) {
  return [is_local = api::is_loopback(connection.endpoint)](const http::FetchRequest& request) {
    auto own = request;
    own.without_proxy = is_local;
    return http::fetch(own);
  };
}

Result<AuthorizationServer> discover(const Connection& connection, const auth::Fetch& fetch) {
  const auto response = fetch({.url = connection.endpoint + "/.well-known/oauth-authorization-server",
                               .fields = {{"Accept", "application/json"}},
                               .body = {},
                               .ca_file = connection.ca_file});
  if (!response) return std::unexpected(response.error());
  const Json json = Json::parse(response->body, nullptr, false);
  if (response->status != 200 || !json.is_object()) {
    return fail(ErrorCode::unavailable, connection.endpoint + " does not say how to log in",
                "give it an API key instead: runagents config set api-key", "not_offered");
  }
  AuthorizationServer server{
      .issuer = api::text_of(json, "issuer"),
      .authorization_url = api::text_of(json, "authorization_endpoint"),
      .device_url = api::text_of(json, "device_authorization_endpoint"),
      .token_url = api::text_of(json, "token_endpoint"),
      .revocation_url = api::text_of(json, "revocation_endpoint"),
      .names_itself = json.value("authorization_response_iss_parameter_supported", Json{}) == true,
      .ca_file = connection.ca_file};
  if (server.issuer != connection.endpoint) {
    const auto named = output::printable(server.issuer);
    return fail(ErrorCode::configuration, fmt::format("{} says that it is {}", connection.endpoint, named),
                fmt::format("the context's endpoint has to be the server's own URL, letter by letter: use {}, or start "
                            "the server with --public-url {}",
                            named, connection.endpoint));
  }
  if (server.token_url.empty()) return fail(ErrorCode::unavailable, "the server has no token endpoint");
  return server;
}

Result<auth::Tokens> log_in_by_device(const AuthorizationServer& server, const LoginSteps& steps, seconds timeout,
                                      const auth::Fetch& fetch) {
  if (server.device_url.empty()) return fail(ErrorCode::unavailable, "the server has no device login");
  const auto code = begin_device(server, fetch);
  if (!code) return std::unexpected(code.error());
  steps.show_code(code->url, code->user_code);
  const auto body = "grant_type=" + auth::percent_encoded("urn:ietf:params:oauth:grant-type:device_code") +
                    "&device_code=" + auth::percent_encoded(code->code) + "&client_id=" + std::string{login_client_id};
  auto interval = code->interval;
  const auto end = std::min(timeout, code->lifetime);
  for (seconds waited{0}; waited < end; waited += interval) {
    const bool is_last = end - waited < interval;
    if (!steps.pause(is_last ? end - waited : interval) || is_last) break;
    auto response = fetch(form_request(server.token_url, server.ca_file, body));
    if (!response) {
      // RFC 8628, 3.5: ask less often when there is no answer.
      interval = std::min(interval * 2, longest_interval);
      continue;
    }
    if (response->status == 200) {
      const auto now = std::chrono::floor<seconds>(std::chrono::system_clock::now());
      auto tokens = auth::read_token_response(*response, now);
      config::wipe(response->body);
      if (!tokens) return fail(ErrorCode::unavailable, "the token endpoint: " + tokens.error().message);
      return std::move(*tokens);
    }
    const auto error = error_in(*response);
    if (error.reason == "slow_down") interval += seconds{5};
    if (error.reason != "slow_down" && error.reason != "authorization_pending") return std::unexpected(error);
  }
  return fail(ErrorCode::needs_person, "nobody has let this login in", "--timeout waits longer");
}

}  // namespace runagents::cli
