#pragma once

#include <map>
#include <memory>

#include "core/auth/aws_settings.hpp"
#include "runner/egress/agent_token_source.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/oauth2_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// What tools of these types share; null when no tool of the run needs it.
struct TokenRuns {
  OAuth2Run* oauth2 = nullptr;
  const AgentTokenRun* agent = nullptr;
};

/// The credentials of a run: obtained when a call first needs them, seen by nothing but the upstream request. Of the
/// engine's thread.
class Credentials {
 public:
  /// `aws`: null when no tool of the run needs it.
  Credentials(Secrets& secrets, Worker& worker, TokenRuns tokens, std::shared_ptr<const auth::AwsSettings> aws)
      : secrets_{secrets}, worker_{worker}, tokens_{tokens}, aws_{std::move(aws)} {}
  ~Credentials();

  /// credential: sets what is to be injected into the call, or refuses it.
  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange);
  /// The same where nobody has to wait for anything, as with most calls; false: `inject` has to be asked.
  [[nodiscard]] bool inject_at_once(Call& call);
  /// See CredentialSource::is_to_blame and renew.
  [[nodiscard]] http::Task<bool> renew(Call& call, std::string_view challenge);
  /// Waits until no thread of a source works any more.
  void join();

 private:
  [[nodiscard]] std::unique_ptr<CredentialSource> make_source(const model::Tool& tool);

  Secrets& secrets_;
  Worker& worker_;
  TokenRuns tokens_;
  std::shared_ptr<const auth::AwsSettings> aws_;
  std::map<const model::Tool*, std::unique_ptr<CredentialSource>> sources_;
};

}  // namespace runagents::egress
