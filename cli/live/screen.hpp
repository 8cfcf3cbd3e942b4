#pragma once

#include <memory>
#include <string_view>
#include <termios.h>

#include "cli/live/frame.hpp"
#include "core/error.hpp"

namespace runagents::cli::live {

/// The controlling terminal, taken over: raw mode, the alternate screen, no line wrapping, marked pastes. Through a
/// descriptor of its own, so that it can be non-blocking without others noticing. Restored when this ends. Of one
/// thread.
class Screen {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Screen>> open();
  /// Whether this process has a controlling terminal.
  [[nodiscard]] static bool is_there() noexcept;
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  [[nodiscard]] int fd() const noexcept { return terminal_; }
  [[nodiscard]] Size size() const noexcept;
  /// Writes all of it, or what the terminal takes within a second.
  void write(std::string_view bytes) const noexcept;

  /// Takes the terminal over (again), as after a stop. What was typed before is thrown away.
  void enter() noexcept;
  /// Gives it back as it was.
  void leave() noexcept;

 private:
  explicit Screen(int terminal) : terminal_{terminal} {}

  int terminal_;
  termios before_{};
  bool is_entered_ = false;
};

}  // namespace runagents::cli::live
