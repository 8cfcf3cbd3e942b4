#pragma once

#include <memory>
#include <string>

#include "core/auth/aws_credentials.hpp"
#include "core/auth/sigv4.hpp"
#include "runner/egress/call.hpp"

namespace runagents::egress {

/// What is said of a body in X-Amz-Content-Sha256, and what that takes.
enum class AwsPayload {
  hashed,      ///< the body is here, or there is none: its SHA-256
  from_agent,  ///< the agent's own value: a SHA-256 that AWS holds against the body, or a word that says there is none
  unsigned_body,  ///< UNSIGNED-PAYLOAD
  to_be_held,     ///< nothing is known of it yet: it has to be read first
  chunk_signed    ///< signed in pieces with the agent's own key
};

/// How the body of a call is covered by a signature. `over_tls`: on the way to the tool.
[[nodiscard]] AwsPayload aws_payload(const Call& call, bool over_tls, bool is_s3);

/// Signs requests with AWS Signature Version 4 (header fields Authorization, X-Amz-Date, X-Amz-Content-Sha256,
/// X-Amz-Security-Token).
class AwsSigner final : public RequestSigner {
 public:
  /// The credentials are kept as long as this object is.
  AwsSigner(std::shared_ptr<const auth::AwsCredentials> credentials, std::string region, std::string service,
            bool over_tls);

  [[nodiscard]] bool replaces_field(std::string_view name) const override;
  /// Parameters, and keys of S3, are spelled strictly, so that nobody can read them in another way than they were
  /// signed.
  void write_target(std::string_view path, std::string_view query, std::string& out) const override;
  void sign(const UnsignedRequest& request, std::string& out) const override;

 private:
  [[nodiscard]] const auth::Sha256& key_of(const auth::SigV4Scope& scope) const;
  [[nodiscard]] bool replaces_parameter(std::string_view name) const;
  [[nodiscard]] std::string payload_hash(const UnsignedRequest& request) const;

  std::shared_ptr<const auth::AwsCredentials> credentials_;
  std::string region_;
  std::string service_;
  bool over_tls_;
  bool is_s3_;
  mutable std::string key_date_;  ///< the day for which `key_` is
  mutable auth::Sha256 key_{};
};

}  // namespace runagents::egress
