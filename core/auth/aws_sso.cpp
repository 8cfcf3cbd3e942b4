#include "core/auth/aws_sources.hpp"
#include "core/auth/percent.hpp"

namespace runagents::auth {
namespace {

std::unexpected<Error> sso_error(const std::string& origin, const std::string& problem) {
  return fail(ErrorCode::unavailable, "the AWS " + origin + " has no session of IAM Identity Center: " + problem,
              "aws sso login");
}

}  // namespace

Result<AwsCredentials> aws_credentials_of_sso(const AwsSettings& settings, const AwsProfiles::Section& profile,
                                              std::string origin) {
  const std::string session_name{setting(&profile, "sso_session")};
  const auto* session = session_name.empty() ? &profile : settings.profiles.sso_session(session_name);
  const std::string region{setting(session, "sso_region")};
  const auto& known_by = session_name.empty() ? std::string{setting(session, "sso_start_url")} : session_name;
  if (region.empty() || known_by.empty()) {
    return fail(ErrorCode::configuration,
                "the AWS " + origin + " does not say which session of IAM Identity Center it uses",
                "aws configure sso");
  }
  const auto token = aws_sso_token(settings, settings.path("~/.aws/sso/cache") / aws_cache_name(known_by), region);
  if (!token) return sso_error(origin, token.error().message);
  http::FetchRequest request;
  request.url = settings.endpoint("SSO", "https://portal.sso." + region + ".amazonaws.com");
  if (auto sound = check_credential_endpoint(request.url); !sound) return std::unexpected(sound.error());
  request.url += "/federation/credentials?role_name=" + percent_encoded(setting(&profile, "sso_role_name")) +
                 "&account_id=" + percent_encoded(setting(&profile, "sso_account_id"));
  request.fields = {{"x-amz-sso_bearer_token", *token}};
  const auto response = settings.fetch(request);
  if (!response) return std::unexpected(response.error());
  if (response->status == 401) return sso_error(origin, "the login is not accepted any more");
  if (response->status != 200) {
    return fail(ErrorCode::unavailable,
                "IAM Identity Center answers " + std::to_string(response->status) + " to the AWS " + origin);
  }
  return aws_credentials_from_json(response->body, std::move(origin));
}

}  // namespace runagents::auth
