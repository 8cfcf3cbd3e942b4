#include "core/api/agent_token.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/api/answer.hpp"
#include "core/auth/percent.hpp"
#include "core/auth/token_response.hpp"
#include "core/http/fetch.hpp"

namespace runagents::api {
namespace {

using Form = std::vector<std::pair<std::string_view, std::string_view>>;

constexpr std::string_view exchange_grant = "urn:ietf:params:oauth:grant-type:token-exchange";

std::string encoded(const Form& form) {
  std::string body;
  for (const auto& [name, value] : form) {
    if (value.empty()) continue;
    if (!body.empty()) body += '&';
    auto text = auth::percent_encoded(value);
    body.append(name).append("=").append(text);
    config::wipe(text);
  }
  return body;
}

Result<AgentToken> ask(Transport& transport, const Form& form, std::chrono::sys_seconds now) {
  Request request{"POST", "/oauth/token", encoded(form), {{"content-type", "application/x-www-form-urlencoded"}}};
  auto response = transport.send(request);
  config::wipe(request.body);
  if (!response) return std::unexpected(std::move(response.error()));
  if (response->status != 200) return std::unexpected(error_of(*response));
  http::FetchResponse answer{
      .status = response->status, .fields = std::move(response->fields), .body = std::move(response->body)};
  auto tokens = auth::read_token_response(answer, now);
  config::wipe(answer.body);
  if (!tokens) return fail(ErrorCode::unavailable, "the token endpoint: " + tokens.error().message);
  return AgentToken{
      .text = std::move(tokens->access_token), .issued_at = now, .expires_at = tokens->expires_at.value_or(now)};
}

}  // namespace

std::string subject_type_of(std::string_view word, std::string_view subject) {
  if (word.starts_with("urn:")) return std::string{word};
  if (word == "user-id") return std::string{user_id_type};
  if (word == "user-email") return std::string{user_email_type};
  if (word == "access_token") return std::string{access_token_type};
  if (subject.contains('@')) return std::string{user_email_type};
  return std::string{std::ranges::count(subject, '.') == 2 ? access_token_type : user_id_type};
}

Result<AgentToken> request_agent_token(Transport& transport, const AgentTokenRequest& request,
                                       const config::Secret& client_secret, std::chrono::sys_seconds now) {
  Form form{{"grant_type", "client_credentials"},
            {"client_id", request.client_id},
            {"client_secret", client_secret.reveal()},
            {"resource", request.resource}};
  if (!request.subject.empty()) {
    form.emplace_back("actor_token", request.subject);
    form.emplace_back("actor_token_type", request.subject_type);
  }
  return ask(transport, form, now);
}

Result<AgentToken> exchange_token(Transport& transport, const TokenExchange& exchange, std::chrono::sys_seconds now) {
  const auto* subject = &exchange.agent_token;
  const auto* actor = &exchange.user_token;
  if (exchange.rfc_order) std::swap(subject, actor);
  return ask(transport,
             {{"grant_type", exchange_grant},
              {"subject_token", subject->reveal()},
              {"subject_token_type", access_token_type},
              {"actor_token", actor->reveal()},
              {"actor_token_type", access_token_type},
              {"resource", exchange.resource}},
             now);
}

}  // namespace runagents::api
