#include <algorithm>

#include "core/auth/aws_sources.hpp"

namespace runagents::auth {
namespace {

using Section = AwsProfiles::Section;
using Visited = std::vector<std::string>;

std::string origin_of(const std::string& name) { return "profile " + name; }

std::unexpected<Error> profile_error(const std::string& name, const std::string& problem, std::string hint = {}) {
  return fail(ErrorCode::configuration, "the AWS profile \"" + name + "\" " + problem, std::move(hint));
}

bool has_keys(const Section& section) {
  return !setting(&section, "aws_access_key_id").empty() && !setting(&section, "aws_secret_access_key").empty();
}

bool has_sso(const Section& section) {
  return !setting(&section, "sso_account_id").empty() && !setting(&section, "sso_role_name").empty();
}

Result<AwsCredentials> from_keys(const Section& section, const std::string& name) {
  return make_aws_credentials(setting(&section, "aws_access_key_id"), setting(&section, "aws_secret_access_key"),
                              setting(&section, "aws_session_token"), origin_of(name));
}

Result<AwsCredentials> from_process(const AwsSettings& settings, const Section& section, const std::string& name) {
  auto output = settings.run(std::string{setting(&section, "credential_process")});
  if (!output) {
    return profile_error(name, "gets no credentials from its credential_process: " + output.error().message,
                         output.error().hint);
  }
  auto credentials = aws_credentials_from_json(*output, origin_of(name));
  if (!credentials) return profile_error(name, "has a credential_process, but " + credentials.error().message);
  return credentials;
}

AwsRole role_of(const AwsSettings& settings, const Section& section, const std::string& name) {
  const auto text = [&section](std::string_view key) { return std::string{setting(&section, key)}; };
  return {text("role_arn"),         text("role_session_name"), text("external_id"),
          text("duration_seconds"), text("mfa_serial"),        settings.region(name)};
}

Result<AwsCredentials> from_named_source(const AwsSettings& settings, std::string_view source,
                                         const std::string& name) {
  if (source == "Environment" && has_environment_credentials(settings)) return aws_credentials_of_environment(settings);
  if (source == "EcsContainer" && has_container_endpoint(settings)) return aws_credentials_of_container(settings);
  if (source == "Ec2InstanceMetadata") return aws_credentials_of_instance(settings);
  return profile_error(name, "has the credential_source \"" + std::string{source} + "\", where no credentials are");
}

Result<AwsCredentials> from_profile(const AwsSettings& settings, const std::string& name, Visited& visited);

/// The credentials with which a role is assumed.
Result<AwsCredentials> base_of(const AwsSettings& settings, const Section& section, const std::string& name,
                               Visited& visited) {
  const std::string source{setting(&section, "source_profile")};
  if (source.empty()) return from_named_source(settings, setting(&section, "credential_source"), name);
  // A profile may assume a role with keys of its own.
  if (source == name && has_keys(section)) return from_keys(section, name);
  return from_profile(settings, source, visited);
}

Result<AwsCredentials> from_role(const AwsSettings& settings, const Section& section, const std::string& name,
                                 Visited& visited) {
  const auto role = role_of(settings, section, name);
  if (const std::string file{setting(&section, "web_identity_token_file")}; !file.empty()) {
    return assume_role_with_web_identity(settings, role, file, origin_of(name));
  }
  if (!role.mfa_serial.empty()) {
    auto cached = cached_role(settings, role, origin_of(name));
    if (cached) return cached;
    return profile_error(name, "wants a code of an MFA device, which nobody can type here",
                         "aws sts get-caller-identity --profile " + name + " asks for it and keeps what it gets");
  }
  const auto base = base_of(settings, section, name, visited);
  if (!base) return std::unexpected(base.error());
  return assume_role(settings, role, *base, origin_of(name));
}

bool assumes_role(const Section& section) {
  if (setting(&section, "role_arn").empty()) return false;
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"source_profile", "credential_source", "web_identity_token_file"},
      [&](std::string_view key) { return !setting(&section, key).empty(); });
}

Result<AwsCredentials> from_profile(const AwsSettings& settings, const std::string& name, Visited& visited) {
  const auto* section = settings.profiles.profile(name);
  if (section == nullptr) return profile_error(name, "does not exist", "aws configure list-profiles");
  if (std::ranges::find(visited, name) != visited.end()) {
    return profile_error(name, "leads back to itself by source_profile");
  }
  visited.push_back(name);
  if (assumes_role(*section)) return from_role(settings, *section, name, visited);
  if (has_sso(*section)) return aws_credentials_of_sso(settings, *section, origin_of(name));
  if (has_keys(*section)) return from_keys(*section, name);
  if (!setting(section, "credential_process").empty()) return from_process(settings, *section, name);
  return fail(ErrorCode::not_found, "the AWS profile \"" + name + "\" holds no credentials",
              "it needs keys, a role, SSO or a credential_process");
}

}  // namespace

Result<AwsCredentials> aws_credentials_of_profile(const AwsSettings& settings, const std::string& name) {
  Visited visited;
  return from_profile(settings, name, visited);
}

std::vector<std::string> credential_processes(const AwsSettings& settings, const std::string& profile) {
  std::vector<std::string> commands;
  if (profile.empty() && has_environment_credentials(settings)) return commands;
  Visited visited;
  for (auto name = profile.empty() ? settings.default_profile() : profile;
       std::ranges::find(visited, name) == visited.end();) {
    visited.push_back(name);
    const auto* section = settings.profiles.profile(name);
    if (section == nullptr) break;
    const bool goes_on = assumes_role(*section);
    const bool runs = !goes_on && !has_sso(*section) && !has_keys(*section);
    if (const auto command = setting(section, "credential_process"); runs && !command.empty()) {
      commands.emplace_back(command);
    }
    if (!goes_on) break;
    name = setting(section, "source_profile");
  }
  return commands;
}

}  // namespace runagents::auth
