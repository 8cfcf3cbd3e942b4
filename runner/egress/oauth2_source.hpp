#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "runner/egress/consent_desk.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/pauses.hpp"
#include "runner/egress/recorder.hpp"
#include "runner/egress/token_worker.hpp"

namespace runagents::egress {

/// What happens to a call whose end user has not given a consent yet.
enum class ConsentMode { hold, give_back, deny };  ///< give_back is written "return"

/// What a person is told when a call needs a consent.
struct ConsentNotice {
  const model::Tool& tool;
  std::string_view user;
  const ConsentAsked& asked;
};

/// What the tools of a run with OAuth 2 share. Everything outlives them.
struct OAuth2Run {
  ConsentDesk& desk;
  Recorder& recorder;
  Pauses& pauses;
  const auth::Sealer& sealer;
  OpenPlane open;
  std::string run_id;
  ConsentMode mode = ConsentMode::hold;
  std::chrono::seconds timeout{std::chrono::minutes{10}};
  std::function<void(const ConsentNotice&)> announce;  ///< engine's thread
};

/// Credentials of type oauth2: access tokens, looked up for each call, since a consent may be taken back at any time.
class OAuth2Source final : public CredentialSource {
 public:
  OAuth2Source(const model::Tool& tool, Secrets& secrets, OAuth2Run& run)
      : tool_{tool}, run_{run}, tokens_{tool, secrets, run.open, run.sealer, run.run_id} {}

  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange) override;
  [[nodiscard]] http::Task<bool> renew(Call& call) override;
  void join() override { tokens_.join(); }

 private:
  struct Flight;
  struct Entry;
  using Obtained = std::expected<std::shared_ptr<const Credential>, NoToken>;

  http::Task<Obtained> obtain(const Call& call, std::shared_ptr<const Credential> refused);
  http::Task<Verdict> seek_consent(Call& call, Exchange& exchange);
  http::Task<Verdict> hold(Call& call, Exchange& exchange, std::shared_ptr<ConsentAsked> asked);
  [[nodiscard]] Verdict after_hold(const Call& call, const ConsentAsked& asked, bool is_late);
  http::Task<Result<void>> redeem(std::string user, Redemption redemption);
  [[nodiscard]] std::unexpected<Refusal> needs_consent(const Call& call, std::string_view what, std::string hint,
                                                       const ConsentAsked* asked) const;
  [[nodiscard]] std::string start_command(const Call& call) const;
  void note(std::string_view type, std::string_view user, const ConsentAsked& asked, std::string_view detail = {});
  [[nodiscard]] std::shared_ptr<Entry> entry_of(const Call& call);
  [[nodiscard]] static std::shared_ptr<const TokenWanted> wanted_by(const Call& call, const Credential* refused);

  const model::Tool& tool_;
  OAuth2Run& run_;
  TokenWorker tokens_;
  std::map<std::string, std::shared_ptr<Entry>> entries_;  ///< by user
  std::set<std::string> announced_;                        ///< ids of what was asked
  std::set<std::string> refusing_;                         ///< users who said no in this run
};

}  // namespace runagents::egress
