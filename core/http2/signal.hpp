#pragma once

#include <utility>

#include "core/http/async.hpp"

namespace runagents::http2 {

/// Lets one coroutine wait until another one has something for it. What is raised before somebody waits is not lost.
class Signal {
 public:
  explicit Signal(http::asio::io_context& context) : timer_{context, http::Timer::time_point::max()} {}

  void raise() {
    if (std::exchange(raised_, true)) return;
    timer_.cancel();
  }
  [[nodiscard]] http::Task<void> wait() {
    while (!raised_) static_cast<void>(co_await timer_.async_wait(http::by_value));
    raised_ = false;
  }

 private:
  http::Timer timer_;
  bool raised_ = false;
};

}  // namespace runagents::http2
