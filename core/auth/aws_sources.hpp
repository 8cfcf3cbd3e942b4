#pragma once

#include <string>
#include <vector>

#include "core/auth/aws_credentials.hpp"
#include "core/auth/aws_settings.hpp"

/// Where AWS credentials come from, one function for each way ("Standardized credential providers", AWS SDKs and Tools
/// Reference Guide). All may block (files, processes, requests). An error names what was tried, and no secret.
namespace runagents::auth {

/// What the default chain of AWS's SDKs finds: environment, web identity, profile, container, instance. With a
/// `profile`: that one alone.
[[nodiscard]] Result<AwsCredentials> find_aws_credentials(const AwsSettings& settings, const std::string& profile);

/// The `credential_process` commands that `find_aws_credentials` could run.
[[nodiscard]] std::vector<std::string> credential_processes(const AwsSettings& settings, const std::string& profile);

[[nodiscard]] bool has_environment_credentials(const AwsSettings& settings);
/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
[[nodiscard]] Result<AwsCredentials> aws_credentials_of_environment(const AwsSettings& settings);

/// A profile: a role, SSO, keys in the file, or a process, in that order.
[[nodiscard]] Result<AwsCredentials> aws_credentials_of_profile(const AwsSettings& settings, const std::string& name);

/// A role to be assumed.
struct AwsRole {
  std::string arn;
  std::string session_name;      ///< empty: one is made up
  std::string external_id;       ///< may be empty
  std::string duration_seconds;  ///< empty: an hour
  std::string mfa_serial;        ///< a device whose code AssumeRole wants; may be empty
  std::string region;            ///< of the STS endpoint; empty: the global one
};
/// STS AssumeRole, signed with `base`.
[[nodiscard]] Result<AwsCredentials> assume_role(const AwsSettings& settings, const AwsRole& role,
                                                 const AwsCredentials& base, std::string origin);
/// What the AWS CLI left of an AssumeRole in `~/.aws/cli/cache`, as long as it holds.
[[nodiscard]] Result<AwsCredentials> cached_role(const AwsSettings& settings, const AwsRole& role, std::string origin);
/// STS AssumeRoleWithWebIdentity with the token in that file.
[[nodiscard]] Result<AwsCredentials> assume_role_with_web_identity(const AwsSettings& settings, const AwsRole& role,
                                                                   const std::string& token_file, std::string origin);
/// The credentials in an answer of STS (XML). Strict: what is there twice, or not, is an error.
[[nodiscard]] Result<AwsCredentials> aws_credentials_from_xml(std::string_view text, std::string origin);

/// The name of a file in the caches of AWS's tools: the SHA-1 of what its content is known by.
[[nodiscard]] std::string aws_cache_name(std::string_view known_by);
/// The access token in that file of `~/.aws/sso/cache`, renewed (and written back) when its time is nearly over.
[[nodiscard]] Result<std::string> aws_sso_token(const AwsSettings& settings, const std::filesystem::path& path,
                                                const std::string& region);
/// SSO GetRoleCredentials with the access token that `aws sso login` left in `~/.aws/sso/cache`.
[[nodiscard]] Result<AwsCredentials> aws_credentials_of_sso(const AwsSettings& settings,
                                                            const AwsProfiles::Section& profile, std::string origin);

[[nodiscard]] bool has_container_endpoint(const AwsSettings& settings);
/// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, as ECS, EKS Pod Identity and Greengrass set them.
[[nodiscard]] Result<AwsCredentials> aws_credentials_of_container(const AwsSettings& settings);

/// The role of this EC2 instance, by IMDSv2.
[[nodiscard]] Result<AwsCredentials> aws_credentials_of_instance(const AwsSettings& settings);

}  // namespace runagents::auth
