#pragma once

#include <csignal>
#include <optional>

#include "core/error.hpp"

namespace runagents::launch {

/// The runner's signals as a descriptor for its event loop (signalfd(2)): SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH,
/// SIGUSR1, SIGUSR2 and SIGCONT. They are blocked from then on in the calling thread and in threads that it starts
/// afterwards; open this before starting any. A signal that was ignored (SIGHUP under nohup) stays ignored.
class Signals {
 public:
  [[nodiscard]] static Result<Signals> open();
  ~Signals();  ///< restores the calling thread's signal mask; what is still pending is dropped
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;

  /// Becomes readable when `next` has something. Owned by this object.
  [[nodiscard]] int fd() const noexcept { return descriptor_; }
  /// The number of a signal that arrived; nothing when there is none. Never blocks.
  [[nodiscard]] std::optional<int> next() noexcept;

 private:
  Signals(int descriptor, const sigset_t& before) noexcept : descriptor_{descriptor}, before_{before} {}

  int descriptor_;
  sigset_t before_;
};

}  // namespace runagents::launch
