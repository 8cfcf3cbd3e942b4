#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::auth {

/// What signs a request to AWS.
struct AwsCredentials {
  std::string access_key_id;  ///< names the key; not secret
  config::Secret secret_access_key;
  config::Secret session_token;                        ///< temporary credentials only
  std::optional<std::chrono::sys_seconds> expires_at;  ///< temporary credentials, when they say so
  std::string origin;                                  ///< where they come from, for the record: "profile reports"
};

/// Checks that the parts can stand in a request, and makes credentials of them. The error tells what is wrong, not the
/// values.
[[nodiscard]] Result<AwsCredentials> make_aws_credentials(std::string_view access_key_id,
                                                          std::string_view secret_access_key,
                                                          std::string_view session_token, std::string origin);

/// Reads JSON as `credential_process`, `aws sts ...`, the container endpoint, instance metadata and SSO write it: an
/// access key id, a secret access key, perhaps a session token and an expiry, at the top or in "Credentials" or
/// "roleCredentials".
[[nodiscard]] Result<AwsCredentials> aws_credentials_from_json(std::string_view text, std::string origin);

/// Reads the value of a secret reference: that JSON, or ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN].
[[nodiscard]] Result<AwsCredentials> parse_aws_credentials(std::string_view text, std::string origin);

}  // namespace runagents::auth
