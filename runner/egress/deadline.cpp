#include "runner/egress/deadline.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace runagents::egress {
namespace {

/// Whoever began to wait a moment too late is told again.
constexpr std::chrono::milliseconds repeat{50};
constexpr int repeats = 20;

}  // namespace

struct Deadline::Watch {
  http::Timer timer;
  Call* call;  ///< null: the call has ended
  Exchange* exchange;
};

Deadline::Deadline(http::asio::io_context& context, Call& call, Exchange& exchange) {
  if (!call.grpc || !call.grpc->deadline) return;
  watch_ = std::make_shared<Watch>(Watch{http::Timer{context, *call.grpc->deadline}, &call, &exchange});
  http::asio::co_spawn(context, keep(watch_), http::asio::detached);
}

Deadline::~Deadline() {
  if (!watch_) return;
  watch_->call = nullptr;
  watch_->timer.cancel();
}

http::Task<void> Deadline::keep(std::shared_ptr<Watch> watch) {
  static_cast<void>(co_await watch->timer.async_wait(http::by_value));
  for (int i = 0; i < repeats && watch->call != nullptr; ++i) {
    watch->call->grpc->is_late = true;
    watch->exchange->stop_reading();
    // Whoever is told may go on at once, up to the end of the call.
    if (watch->call == nullptr) break;
    if (const auto gone = std::exchange(watch->exchange->on_gone, nullptr)) gone();
    watch->timer.expires_after(repeat);
    static_cast<void>(co_await watch->timer.async_wait(http::by_value));
  }
  if (watch->call != nullptr) watch->exchange->abort();
}

bool is_late(const Call& call) noexcept { return call.grpc && call.grpc->is_late; }

std::unexpected<Refusal> too_late() {
  return refuse(model::RefusalCode::deadline_exceeded, "the deadline of the call has passed (grpc-timeout)",
                "a call that waits for a person needs a longer one");
}

}  // namespace runagents::egress
