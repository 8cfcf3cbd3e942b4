#pragma once

#include <memory>
#include <optional>

#include "runner/egress/credential.hpp"
#include "runner/egress/credential_source.hpp"
#include "runner/egress/secrets.hpp"

namespace runagents::egress {

/// Credentials of type api_key, basic and bearer: a secret that a reference leads to. It is resolved when a call first
/// needs it, once for many concurrent calls, and kept until the tool refuses it or the run ends.
class StaticSecret final : public CredentialSource {
 public:
  StaticSecret(Secrets& secrets, const model::Tool& tool) : secrets_{secrets}, tool_{tool} {}

  [[nodiscard]] http::Task<Verdict> inject(Call& call, Exchange& exchange) override;
  [[nodiscard]] bool inject_at_once(Call& call) override {
    call.credential = credential_;
    return credential_ != nullptr;
  }
  [[nodiscard]] http::Task<bool> renew(Call& call) override;

 private:
  http::Task<Verdict> resolve();

  Secrets& secrets_;
  const model::Tool& tool_;
  std::shared_ptr<const Credential> credential_;
  std::optional<http::Timer> resolving_;  ///< cancelled when resolving ends
  Clock::time_point quiet_until_;         ///< not asked again before: it was asked in vain
};

}  // namespace runagents::egress
