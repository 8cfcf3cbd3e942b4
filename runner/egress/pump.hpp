#pragma once

#include <memory>

#include "runner/egress/call.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::egress {

/// A request's body on its way to the tool while the response may come back already. Shared by the coroutine that moves
/// the body and the one that waits for it.
class BodyPump {
 public:
  explicit BodyPump(http::asio::io_context& context) : over_{context, http::Timer::time_point::max()} {}

  [[nodiscard]] bool ended() const noexcept { return ended_; }
  [[nodiscard]] bool sent_all() const noexcept { return sent_all_; }
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }
  /// Returns when the pump has ended.
  [[nodiscard]] http::Task<void> wait();

 private:
  friend http::Task<void> pump_body(std::shared_ptr<BodyPump> pump, Exchange& exchange, http::ClientExchange& upstream,
                                    Call& call, http::Framing framing);
  http::Timer over_;
  bool ended_ = false;
  bool sent_all_ = false;
  bool malformed_ = false;
};

/// Moves the body, piece by piece as it arrives. A body that does not reach its end takes the upstream exchange with
/// it, so that the tool never takes a part for the whole.
[[nodiscard]] http::Task<void> pump_body(std::shared_ptr<BodyPump> pump, Exchange& exchange,
                                         http::ClientExchange& upstream, Call& call, http::Framing framing);

}  // namespace runagents::egress
