#pragma once

#include <map>
#include <memory>

#include "core/auth/aws_settings.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/oauth2_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// The credentials of a run: obtained when a call first needs them, seen by nothing but the upstream request. Of the
/// engine's thread.
class Credentials {
 public:
  /// `oauth2`: null when no tool of the run needs it; and so is `aws`.
  Credentials(Secrets& secrets, Worker& worker, OAuth2Run* oauth2, std::shared_ptr<const auth::AwsSettings> aws)
      : secrets_{secrets}, worker_{worker}, oauth2_{oauth2}, aws_{std::move(aws)} {}
  ~Credentials();

  /// credential: sets what is to be injected into the call, or refuses it.
  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange);
  /// See CredentialSource::renew.
  [[nodiscard]] http::Task<bool> renew(Call& call);
  /// Waits until no thread of a source works any more.
  void join();

  /// Whether this version can inject that type of credential.
  [[nodiscard]] static bool supports(model::AuthType type) noexcept;

 private:
  [[nodiscard]] std::unique_ptr<CredentialSource> make_source(const model::Tool& tool);

  Secrets& secrets_;
  Worker& worker_;
  OAuth2Run* oauth2_;
  std::shared_ptr<const auth::AwsSettings> aws_;
  std::map<const model::Tool*, std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace runagents::egress
