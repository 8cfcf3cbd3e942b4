#pragma once

#include <memory>

#include "runner/egress/call.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// Keeps a gRPC call to the deadline that its client named: from then on the client counts as gone for whoever waits
/// for a person, a credential or the upstream, so that nothing is done any more for somebody who has given up. What
/// still does not end is reset. Does nothing for other calls. Of the engine's thread.
class Deadline {
 public:
  /// Both outlive it.
  Deadline(http::asio::io_context& context, Call& call, Exchange& exchange);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 private:
  struct Watch;
  static http::Task<void> keep(std::shared_ptr<Watch> watch);
  std::shared_ptr<Watch> watch_;
};

/// Whether the call's deadline has passed.
[[nodiscard]] bool is_late(const Call& call) noexcept;

/// Why a call that is late is not forwarded, or not waited for any longer.
[[nodiscard]] std::unexpected<Refusal> too_late();

}  // namespace runagents::egress
