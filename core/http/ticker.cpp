#include "core/http/ticker.hpp"

namespace runagents::http {

Ticking::Ticking(Ticker& ticker) : ticker_{ticker} { ticker_.add(*this); }
Ticking::~Ticking() { ticker_.remove(*this); }

void Ticking::arm(std::chrono::milliseconds after) noexcept {
  deadline_ = ticker_.now_ + 1 + static_cast<std::uint64_t>(after / Ticker::period);
}

void Ticker::add(Ticking& one) {
  one.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &one;
  first_ = &one;
  if (!running_ && !stopped_) start();
}

void Ticker::remove(Ticking& one) noexcept {
  if (cursor_ == &one) cursor_ = one.next_;
  if (one.previous_ != nullptr) one.previous_->next_ = one.next_;
  if (one.next_ != nullptr) one.next_->previous_ = one.previous_;
  if (first_ == &one) first_ = one.next_;
}

void Ticker::start() {
  running_ = true;
  timer_.expires_after(period);
  timer_.async_wait([this](error_code error) {
    running_ = false;
    if (error || stopped_) return;
    tick();
    if (first_ != nullptr) start();
  });
}

void Ticker::tick() {
  ++now_;
  for (cursor_ = first_; cursor_ != nullptr;) {
    Ticking& one = *cursor_;
    cursor_ = one.next_;
    if (one.deadline_ != 0 && one.deadline_ <= now_) {
      one.deadline_ = 0;
      one.expired();
    } else {
      one.tick();
    }
  }
}

void Ticker::stop() {
  stopped_ = true;
  timer_.cancel();
}

}  // namespace runagents::http
