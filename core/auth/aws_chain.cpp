#include "core/auth/aws_sources.hpp"

namespace runagents::auth {

bool has_environment_credentials(const AwsSettings& settings) {
  return !settings.variable("AWS_ACCESS_KEY_ID").empty() && !settings.variable("AWS_SECRET_ACCESS_KEY").empty();
}

Result<AwsCredentials> aws_credentials_of_environment(const AwsSettings& settings) {
  return make_aws_credentials(settings.variable("AWS_ACCESS_KEY_ID"), settings.variable("AWS_SECRET_ACCESS_KEY"),
                              settings.variable("AWS_SESSION_TOKEN"), "environment");
}

Result<AwsCredentials> find_aws_credentials(const AwsSettings& settings, const std::string& profile) {
  if (!profile.empty()) return aws_credentials_of_profile(settings, profile);
  if (has_environment_credentials(settings)) return aws_credentials_of_environment(settings);
  const std::string token_file{settings.variable("AWS_WEB_IDENTITY_TOKEN_FILE")};
  const std::string role{settings.variable("AWS_ROLE_ARN")};
  if (!token_file.empty() && !role.empty()) {
    return assume_role_with_web_identity(
        settings, {role, std::string{settings.variable("AWS_ROLE_SESSION_NAME")}, {}, {}, {}, settings.region({})},
        token_file, "web identity");
  }
  const auto name = settings.default_profile();
  if (name != "default" || settings.profiles.profile(name) != nullptr) {
    auto found = aws_credentials_of_profile(settings, name);
    // A default profile that only sets a region stands in nobody's way.
    if (found || name != "default" || found.error().code != ErrorCode::not_found) return found;
  }
  if (has_container_endpoint(settings)) return aws_credentials_of_container(settings);
  auto found = aws_credentials_of_instance(settings);
  if (found) return found;
  return fail(ErrorCode::not_found,
              "no AWS credentials were found: not in the environment, no profile, no container, "
              "and " +
                  found.error().message,
              "set profile or secret in the tool's auth, or AWS_PROFILE in the environment of runagents");
}

}  // namespace runagents::auth
