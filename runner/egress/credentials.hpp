#pragma once

#include <map>
#include <memory>

#include "core/auth/aws_settings.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// The credentials of a run: obtained when a call first needs them, seen by nothing but the upstream request. Of the
/// engine's thread.
class Credentials {
 public:
  /// `aws`: needed for tools of type aws_sigv4 only.
  Credentials(Secrets& secrets, Worker& worker, std::shared_ptr<const auth::AwsSettings> aws)
      : secrets_{secrets}, worker_{worker}, aws_{std::move(aws)} {}
  ~Credentials();

  /// credential: sets what is to be injected into the call, or refuses it.
  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange);
  /// See CredentialSource::renew.
  [[nodiscard]] http::Task<bool> renew(Call& call);

  /// Whether this version can inject that type of credential.
  [[nodiscard]] static bool supports(model::AuthType type) noexcept;

 private:
  [[nodiscard]] std::unique_ptr<CredentialSource> make_source(const model::Tool& tool);

  Secrets& secrets_;
  Worker& worker_;
  std::shared_ptr<const auth::AwsSettings> aws_;
  std::map<const model::Tool*, std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace runagents::egress
