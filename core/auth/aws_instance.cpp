#include <nlohmann/json.hpp>

#include "core/auth/aws_sources.hpp"

namespace runagents::auth {
namespace {

constexpr auto patience = std::chrono::seconds{1};  ///< what is not a cloud instance has nobody who answers
constexpr auto roles = "/latest/meta-data/iam/security-credentials/";

std::string endpoint(const AwsSettings& settings) {
  std::string url{settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")};
  if (url.empty()) {
    const bool v6 = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") == "IPv6";
    url = v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<std::string> ask(const AwsSettings& settings, http::FetchRequest request) {
  request.timeout = patience;
  request.without_proxy = true;
  auto response = settings.fetch(request);
  if (!response) {
    return fail(ErrorCode::unavailable, "no instance metadata: " + response.error().message);
  }
  if (response->status != 200) {
    return fail(ErrorCode::unavailable, "the instance metadata answers " + std::to_string(response->status));
  }
  return std::move(response->body);
}

}  // namespace

Result<AwsCredentials> aws_credentials_of_instance(const AwsSettings& settings) {
  const auto disabled = settings.variable("AWS_EC2_METADATA_DISABLED");
  if (disabled == "true" || disabled == "TRUE" || disabled == "True") {
    return fail(ErrorCode::not_found, "instance metadata is switched off by AWS_EC2_METADATA_DISABLED");
  }
  const auto url = endpoint(settings);
  http::FetchRequest request{
      .method = "PUT", .url = url + "/latest/api/token", .fields = {}, .body = {}, .ca_file = {}};
  request.fields = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
  const auto token = ask(settings, request);
  if (!token) return std::unexpected(token.error());
  if (token->empty() || token->find_first_of("\r\n") != token->npos) {
    return fail(ErrorCode::unavailable, "the instance metadata gives a token that is none");
  }
  request = {
      .method = "GET", .url = url + roles, .fields = {{"X-aws-ec2-metadata-token", *token}}, .body = {}, .ca_file = {}};
  const auto list = ask(settings, request);
  if (!list) return std::unexpected(list.error());
  const auto role = list->substr(0, list->find_first_of("\r\n"));
  if (role.empty() || role.find_first_of("/?# ") != role.npos) {
    return fail(ErrorCode::not_found, "this instance has no role");
  }
  request.url = url + roles + role;
  const auto text = ask(settings, request);
  if (!text) return std::unexpected(text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_object() && json.contains("Code") && json["Code"] != "Success") {
    return fail(ErrorCode::unavailable, "the instance metadata has no credentials for the role " + role);
  }
  return aws_credentials_from_json(*text, "instance");
}

}  // namespace runagents::auth
