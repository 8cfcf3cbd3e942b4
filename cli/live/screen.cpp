#include "cli/live/screen.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace runagents::cli::live {
namespace {

constexpr int longest_write_ms = 1000;

// Alternate screen, no wrapping, bracketed paste; and back, with the cursor shown.
constexpr std::string_view take_over = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?25l\x1b[2J";
constexpr std::string_view give_back = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l";

/// A stop in between ends the call early.
bool set_modes(int terminal, int when, const termios& modes) noexcept {
  while (::tcsetattr(terminal, when, &modes) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

int open_terminal() noexcept { return ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC); }

}  // namespace

bool Screen::is_there() noexcept {
  const int terminal = open_terminal();
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

Result<std::unique_ptr<Screen>> Screen::open() {
  const int terminal = open_terminal();
  if (terminal < 0) return fail(ErrorCode::unavailable, "there is no controlling terminal");
  std::unique_ptr<Screen> screen{new Screen{terminal}};
  screen->enter();
  if (!screen->is_entered_) return fail(ErrorCode::unavailable, "the terminal cannot be taken over");
  return screen;
}

Screen::~Screen() {
  leave();
  ::close(terminal_);
}

Size Screen::size() const noexcept {
  winsize size{};
  if (::ioctl(terminal_, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return {};
  return {size.ws_row, size.ws_col};
}

void Screen::write(std::string_view bytes) const noexcept {
  while (!bytes.empty()) {
    const auto written = ::write(terminal_, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = terminal_, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, longest_write_ms) == 0) return;
    } else if (errno != EINTR) {
      return;
    }
  }
}

void Screen::enter() noexcept {
  if (is_entered_ || ::tcgetattr(terminal_, &before_) != 0) return;
  auto raw = before_;
  ::cfmakeraw(&raw);
  raw.c_oflag |= OPOST;
  // TCSAFLUSH: what was typed at something else must not be taken for an answer to what is shown now.
  if (!set_modes(terminal_, TCSAFLUSH, raw)) return;
  is_entered_ = true;
  write(take_over);
}

void Screen::leave() noexcept {
  if (!is_entered_) return;
  is_entered_ = false;
  write(give_back);
  // TCSADRAIN: keys typed meanwhile are for whoever comes next.
  set_modes(terminal_, TCSADRAIN, before_);
}

}  // namespace runagents::cli::live
