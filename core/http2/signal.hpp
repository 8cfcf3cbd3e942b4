#pragma once

#include "core/http/async.hpp"

namespace runagents::http2 {

/// Wakes a coroutine that waits for something to change; the waiting one looks for itself at what it was. One waits at
/// a time. Of the event loop's thread.
class Signal {
 public:
  explicit Signal(http::asio::io_context& context) : timer_{context, http::Timer::time_point::max()} {}

  [[nodiscard]] http::Task<void> wait() {
    waiting_ = true;
    static_cast<void>(co_await timer_.async_wait(http::by_value));
    waiting_ = false;
  }
  void raise() {
    if (waiting_) timer_.cancel();
  }

 private:
  http::Timer timer_;
  bool waiting_ = false;
};

}  // namespace runagents::http2
