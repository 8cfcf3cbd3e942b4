#include "server/oauth/oauth_result.hpp"

#include <nlohmann/json.hpp>

namespace runagents::server {
namespace {

constexpr int retry_after_s = 5;

api::Fields unkept() {
  return {{"content-type", "application/json"}, {"cache-control", "no-store"}, {"pragma", "no-cache"}};
}

}  // namespace

std::unexpected<OAuthError> refuse_client(std::string description, bool challenge) {
  OAuthError error{
      .status = 401, .error = "invalid_client", .description = std::move(description), .detail = "invalid_client"};
  if (challenge) error.fields.emplace_back("www-authenticate", R"(Basic realm="runagents", charset="UTF-8")");
  return std::unexpected(std::move(error));
}

std::unexpected<OAuthError> refuse_for_now(const Error& error) {
  if (error.code != ErrorCode::unavailable) {
    return refuse("server_error", "the authorization server failed", 500);
  }
  OAuthError refusal{.status = 503, .error = "temporarily_unavailable", .description = "try again in a moment"};
  refusal.fields.emplace_back("retry-after", std::to_string(retry_after_s));
  return std::unexpected(std::move(refusal));
}

Outgoing error_answer(const OAuthError& error) {
  const nlohmann::ordered_json body = {
      {"error", error.error},
      {"error_description", error.description},
      {"detail", error.detail.empty() ? error.error + ": " + error.description : error.detail}};
  Outgoing answer{error.status, body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), unkept()};
  for (const auto& field : error.fields) answer.fields.push_back(field);
  return answer;
}

Outgoing private_answer(std::string body, int status) { return {status, std::move(body), unkept()}; }

}  // namespace runagents::server
