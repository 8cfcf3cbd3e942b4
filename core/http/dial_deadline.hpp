#pragma once

#include <chrono>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"

namespace runagents::http {

/// Closes the socket when the time is over; the pending operation ends with it. Of the engine's thread.
class DialDeadline final : public Ticking {
 public:
  DialDeadline(Ticker& ticker, Socket& socket, std::chrono::milliseconds after) : Ticking{ticker}, socket_{socket} {
    arm(after);
  }
  [[nodiscard]] bool passed() const noexcept { return passed_; }

 private:
  void expired() override {
    passed_ = true;
    error_code ignored;
    socket_.close(ignored);
  }
  Socket& socket_;
  bool passed_ = false;
};

}  // namespace runagents::http
