#pragma once

#include <map>
#include <memory>

#include "runner/egress/credential_source.hpp"
#include "runner/egress/oauth2_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// The credentials of a run: obtained when a call first needs them, seen by nothing but the upstream request. Of the
/// engine's thread.
class Credentials {
 public:
  /// `oauth2`: null when no tool of the run needs it.
  Credentials(Secrets& secrets, OAuth2Run* oauth2) : secrets_{secrets}, oauth2_{oauth2} {}
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
  OAuth2Run* oauth2_;
  std::map<const model::Tool*, std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace runagents::egress
