#include "runner/ingress/inner_sockets.hpp"

#include <chrono>
#include <unistd.h>
#include <utility>

namespace runagents::ingress {
namespace {

constexpr int stock = 16;
constexpr std::chrono::seconds patience{5};

}  // namespace

InnerSockets::InnerSockets(http::asio::io_context& context, std::function<void(int)> order)
    : order_{std::move(order)}, news_{context, http::Timer::time_point::max()} {}

InnerSockets::~InnerSockets() {
  for (const int socket : sockets_) ::close(socket);
}

void InnerSockets::add(const std::vector<int>& sockets) {
  ordered_ = std::max(0, ordered_ - static_cast<int>(sockets.size()));
  sockets_.insert(sockets_.end(), sockets.begin(), sockets.end());
  news_.cancel();
}

void InnerSockets::order_more() {
  if (static_cast<int>(sockets_.size()) + ordered_ > stock / 2) return;
  ordered_ += stock;
  order_(stock);
}

http::Task<int> InnerSockets::take() {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    order_more();
    if (!sockets_.empty()) {
      const int socket = sockets_.back();
      sockets_.pop_back();
      co_return socket;
    }
    if (std::chrono::steady_clock::now() >= until) {
      ordered_ = 0;  // whatever became of that order, the next caller may try again
      co_return -1;
    }
    news_.expires_at(until);
    static_cast<void>(co_await news_.async_wait(http::by_value));
  }
}

}  // namespace runagents::ingress
