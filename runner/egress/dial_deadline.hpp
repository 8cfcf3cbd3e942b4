#pragma once

#include <chrono>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"

namespace runagents::egress {

/// Closes the socket when the time is over; the pending operation ends with it.
class DialDeadline final : public http::Ticking {
 public:
  DialDeadline(http::Ticker& ticker, http::Socket& socket, std::chrono::milliseconds after)
      : Ticking{ticker}, socket_{socket} {
    arm(after);
  }
  [[nodiscard]] bool passed() const noexcept { return passed_; }

 private:
  void expired() override {
    passed_ = true;
    http::error_code ignored;
    socket_.close(ignored);
  }
  http::Socket& socket_;
  bool passed_ = false;
};

}  // namespace runagents::egress
