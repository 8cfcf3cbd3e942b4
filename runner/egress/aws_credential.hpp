#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>

#include "core/auth/aws_settings.hpp"
#include "runner/egress/aws_signer.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// Reads AWS's settings before the agent starts, and, when `fenced`, runs what `credential_process` names for these
/// tools: while the agent runs it may change programs, so none is started then. Null: no tool needs them. Blocks as
/// long as commands take.
[[nodiscard]] std::shared_ptr<const auth::AwsSettings> read_aws_ahead(std::span<const model::Tool* const> tools,
                                                                      std::map<std::string, std::string> environment,
                                                                      bool fenced);

/// Credentials of type aws_sigv4: from the tool's secret, or from where AWS's own tools look. Obtained when a call
/// first needs them and renewed before they expire, once for many concurrent calls.
class AwsCredential final : public CredentialSource {
 public:
  AwsCredential(Secrets& secrets, Worker& worker, std::shared_ptr<const auth::AwsSettings> settings,
                const model::Tool& tool);

  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange) override;
  [[nodiscard]] http::Task<bool> renew(Call& call) override;

 private:
  using SystemClock = std::chrono::system_clock;

  http::Task<Verdict> obtain();
  http::Task<Verdict> await_usable();
  http::Task<Result<auth::AwsCredentials>> find();
  http::Task<Verdict> hold_body(Call& call, Exchange& exchange) const;
  void keep(auth::AwsCredentials found);
  [[nodiscard]] bool is_usable() const;
  [[nodiscard]] bool is_due() const;

  Secrets& secrets_;
  Worker& worker_;
  std::shared_ptr<const auth::AwsSettings> settings_;
  const model::Tool& tool_;
  std::string region_;
  bool over_tls_;
  bool is_s3_;
  std::shared_ptr<const Credential> credential_;
  SystemClock::time_point expires_at_ = SystemClock::time_point::max();
  SystemClock::time_point renew_at_ = SystemClock::time_point::max();
  std::optional<http::Timer> obtaining_;  ///< cancelled when that ends
  std::optional<Refusal> failure_;        ///< of the last attempt, for those who waited for it
};

}  // namespace runagents::egress
