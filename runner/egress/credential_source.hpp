#pragma once

#include <string_view>

#include "core/http/async.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// Where the credentials of one tool come from; one class for each way of obtaining them. Of the engine's thread; many
/// calls may wait in it at the same time.
class CredentialSource {
 public:
  CredentialSource() = default;
  virtual ~CredentialSource() = default;
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;

  /// Sets `call.credential`, or refuses the call. What failed is tried again with the next call.
  [[nodiscard]] virtual http::Task<Verdict> inject(Call& call, Exchange& exchange) = 0;
  /// Sets `call.credential` if it is at hand; false: `inject` has to be asked.
  [[nodiscard]] virtual bool inject_at_once(Call& /*call*/) { return false; }

  /// Whether a 401 with this challenge (WWW-Authenticate; may be empty) is about the credential, so that another one
  /// may help.
  [[nodiscard]] virtual bool is_to_blame(std::string_view /*challenge*/) const { return true; }

  /// The tool did not accept `call.credential` (401). True: another one has been found and is in its place, so that the
  /// call may be sent once more.
  [[nodiscard]] virtual http::Task<bool> renew(Call& call) = 0;

  /// Waits until no thread of this source's own works any more.
  virtual void join() {}
};

}  // namespace runagents::egress
