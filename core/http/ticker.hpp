#pragma once

#include <chrono>
#include <cstdint>

#include "core/http/async.hpp"

namespace runagents::http {

class Ticker;

/// Something that wants to be looked at while it exists: a connection with a deadline. One coarse clock for all of them
/// costs nothing per operation: arming a deadline is one store.
///
/// Of one thread, like the ticker; must not outlive it.
class Ticking {
 public:
  explicit Ticking(Ticker& ticker);
  virtual ~Ticking();
  Ticking(const Ticking&) = delete;
  Ticking& operator=(const Ticking&) = delete;

  /// Calls `expired` once, between `after` and `after` plus one tick from now, unless disarmed before.
  void arm(std::chrono::milliseconds after) noexcept;
  void disarm() noexcept { deadline_ = 0; }

 protected:
  /// The deadline has passed. May destroy other Ticking objects only through the event loop.
  virtual void expired() = 0;
  /// Called with every tick.
  virtual void tick() {}

 private:
  friend class Ticker;
  Ticker& ticker_;
  Ticking* previous_ = nullptr;
  Ticking* next_ = nullptr;
  std::uint64_t deadline_ = 0;  ///< in ticks; 0: none
};

/// The clock of one event loop.
class Ticker {
 public:
  static constexpr std::chrono::milliseconds period{100};

  explicit Ticker(asio::io_context& context) : timer_{context} {}
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  /// Stops ticking; the event loop may run dry.
  void stop();

 private:
  friend class Ticking;
  void add(Ticking& one);
  void remove(Ticking& one) noexcept;
  void start();
  void tick();

  Timer timer_;
  Ticking* first_ = nullptr;
  Ticking* cursor_ = nullptr;  ///< the next one to look at during a tick
  std::uint64_t now_ = 1;
  bool running_ = false;
  bool stopped_ = false;
};

}  // namespace runagents::http
