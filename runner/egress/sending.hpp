#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/http/body.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/pump.hpp"
#include "runner/egress/request_head.hpp"
#include "runner/egress/upstream.hpp"

namespace runagents::egress {

/// A call's request on its way to its upstream, up to the head of the response; and what is left to do with it
/// after that. Everything outlives it. Of the engine's thread.
class Sending {
 public:
  Sending(Engine& engine, Call& call, Exchange& exchange) : engine_{engine}, call_{call}, exchange_{exchange} {}

  /// Sends the request, once more on a stale connection or with another credential where that is safe, and passes
  /// interim responses on. A refusal says why there is no response; the body's pump has ended then.
  [[nodiscard]] http::Task<Verdict> run();

  /// With the final head of the response, after `run`.
  [[nodiscard]] http::ClientExchange& upstream() noexcept { return *upstream_; }
  [[nodiscard]] const RequestFraming& framing() const noexcept { return framing_; }

  /// While the response is being read: an agent that goes away takes the connection with it.
  void watch_agent();
  void ignore_agent() { exchange_.on_gone = nullptr; }
  [[nodiscard]] bool is_agent_gone() const noexcept { return gone_; }

  /// Why the response is not what it should be: silence, bytes that are no HTTP, an early end.
  [[nodiscard]] std::unexpected<Refusal> broken(bool malformed) const;

  /// After the response's end: gives the connection back, if nothing is left on it.
  void release();
  /// Whether some of the request's body may still be on its way.
  [[nodiscard]] bool is_sending() const noexcept { return pump_ != nullptr; }
  /// Ends that.
  [[nodiscard]] http::Task<void> stop();

 private:
  /// Whether the last attempt may be repeated.
  enum class Retry { no, once, on_fresh, at_once };

  http::Task<Verdict> attempt();
  http::Task<Verdict> attempt_again();
  bool send_at_once();
  http::Task<http::error_code> send_request();
  http::Task<Verdict> await_final_head();

  Engine& engine_;
  Call& call_;
  Exchange& exchange_;
  RequestFraming framing_;
  std::unique_ptr<http::ClientExchange> upstream_;
  Wish wish_;
  std::shared_ptr<BodyPump> pump_;
  std::optional<std::string_view> first_body_;
  Retry retry_ = Retry::no;
  bool gone_ = false;
};

}  // namespace runagents::egress
