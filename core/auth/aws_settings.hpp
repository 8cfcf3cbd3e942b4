#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/auth/aws_profiles.hpp"
#include "core/error.hpp"
#include "core/http/fetch.hpp"

namespace runagents::auth {

/// What AWS's tools would find on this machine, and how a source of credentials reaches the world. Read once, so that
/// what is changed later changes nothing. Immutable then; used by any thread.
struct AwsSettings {
  std::map<std::string, std::string> environment;
  AwsProfiles profiles;

  std::function<Result<http::FetchResponse>(const http::FetchRequest&)> fetch = http::fetch;
  /// Runs a `credential_process` and returns what it prints.
  std::function<Result<std::string>(const std::string& command)> run = run_credential_process;

  [[nodiscard]] std::string_view variable(const std::string& name) const;
  /// The profile that AWS_PROFILE names, or "default".
  [[nodiscard]] std::string default_profile() const;
  /// "~/" is the user's home.
  [[nodiscard]] std::filesystem::path path(std::string_view text) const;

  /// AWS_REGION, AWS_DEFAULT_REGION, or the region of the profile (empty: the default one); empty: none is set,
  /// or it holds what no region does.
  [[nodiscard]] std::string region(const std::string& profile) const;
  /// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, or `otherwise`.
  [[nodiscard]] std::string endpoint(const std::string& service, std::string otherwise) const;

  /// Without a shell, for at most a minute.
  [[nodiscard]] static Result<std::string> run_credential_process(const std::string& command);
};

/// Reads AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, by default ~/.aws/config and ~/.aws/credentials. What cannot
/// be read is as if it were empty, as AWS's tools have it.
[[nodiscard]] AwsSettings load_aws_settings(std::map<std::string, std::string> environment);

/// Whether what answers with credentials may be asked there: over https, or on this machine.
[[nodiscard]] Result<void> check_credential_endpoint(std::string_view url);

}  // namespace runagents::auth
