#include "runner/launch/terminal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace runagents::launch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int max_lines = 3;
constexpr std::size_t max_answer = 256;

/// The controlling terminal, in line mode and with this process in its foreground, for as long as the question takes.
class Desk {
 public:
  explicit Desk(pid_t agent_group);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return ready_; }
  [[nodiscard]] int terminal() const noexcept { return terminal_; }
  bool show(std::string_view text) noexcept;

 private:
  int terminal_;
  bool ready_ = false;
  pid_t owner_ = 0;
  termios modes_{};
  sigset_t mask_{};
};

Desk::Desk(pid_t agent_group) : terminal_{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)} {
  // In the background, SIGTTOU would stop the whole process when it changes the terminal, and SIGTTIN when it reads.
  sigset_t job_control;
  sigemptyset(&job_control);
  sigaddset(&job_control, SIGTTOU);
  sigaddset(&job_control, SIGTTIN);
  ::pthread_sigmask(SIG_BLOCK, &job_control, &mask_);
  if (terminal_ < 0) {
    return;
  }
  owner_ = ::tcgetpgrp(terminal_);
  const bool may_take = owner_ == ::getpgrp() || (agent_group > 0 && owner_ == agent_group);
  if (!may_take || ::tcgetattr(terminal_, &modes_) != 0 || ::tcsetpgrp(terminal_, ::getpgrp()) != 0) {
    return;
  }
  termios lines = modes_;
  lines.c_iflag |= ICRNL;
  lines.c_iflag &= ~static_cast<tcflag_t>(INLCR | IGNCR);
  lines.c_oflag |= OPOST | ONLCR;
  lines.c_lflag |= ICANON | ECHO | ECHOE | ISIG;
  // Not TCSAFLUSH: it waits for the output, which Ctrl-S may hold.
  ready_ = ::tcsetattr(terminal_, TCSANOW, &lines) == 0 && ::tcflush(terminal_, TCIFLUSH) == 0;
}

Desk::~Desk() {
  if (terminal_ >= 0) {
    if (ready_) {
      ::tcsetattr(terminal_, TCSANOW, &modes_);
    }
    if (owner_ > 0 && owner_ != ::getpgrp() && ::tcgetpgrp(terminal_) == ::getpgrp()) {
      ::tcsetpgrp(terminal_, owner_);
    }
    ::close(terminal_);
  }
  ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

bool Desk::show(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t size = ::write(terminal_, text.data(), text.size());
    if (size < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  return true;
}

enum class News { input, nothing_more };

News wait_for_input(int terminal, int cancel_fd, Clock::time_point limit) noexcept {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - Clock::now()).count();
    if (left <= 0) {
      return News::nothing_more;
    }
    std::array<pollfd, 2> sources{
        {{.fd = terminal, .events = POLLIN, .revents = 0}, {.fd = cancel_fd, .events = POLLIN, .revents = 0}}};
    const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(std::min<long>(left, 60'000)));
    if (ready < 0 && errno != EINTR) {
      return News::nothing_more;
    }
    if (ready > 0) {
      const bool hung_up = (sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
      return sources[1].revents != 0 || hung_up ? News::nothing_more : News::input;
    }
  }
}

/// One line without its end; nothing at end of input or hang-up.
std::optional<std::string> read_line(int terminal) {
  std::array<char, max_answer> line{};
  const ssize_t size = ::read(terminal, line.data(), line.size());
  if (size <= 0 || line[static_cast<std::size_t>(size) - 1] != '\n') {
    // Ctrl-D in the middle of a line hands out an unfinished one.
    return std::nullopt;
  }
  std::string_view text{line.data(), static_cast<std::size_t>(size) - 1};
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  const auto end = text.find_last_not_of(" \t") + 1;
  return std::string{text.substr(begin, end > begin ? end - begin : 0)};
}

std::string listing(const std::vector<std::string>& choices) {
  std::string text;
  for (const auto& choice : choices) {
    text += (text.empty() ? "" : ", ") + choice;
  }
  return text;
}

bool is_direction_mark(unsigned char second, unsigned char third) noexcept {
  // U+200E, U+200F; U+202A to U+202E; U+2066 to U+2069.
  return (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae))) ||
         (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

/// How many bytes at the front of `text` must not reach a terminal as they are.
std::size_t harmful_prefix(std::string_view text) noexcept {
  const auto at = [&](std::size_t index) {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : static_cast<unsigned char>(0);
  };
  if ((at(0) < 0x20 && at(0) != '\n') || at(0) == 0x7f) {
    return 1;
  }
  if (at(0) == 0xc2 && at(1) >= 0x80 && at(1) <= 0x9f) {
    return 2;
  }
  return at(0) == 0xe2 && is_direction_mark(at(1), at(2)) ? 3 : 0;
}

}  // namespace

std::optional<std::size_t> ask_on_terminal(const Question& question) {
  const auto limit = Clock::now() + question.time_limit;
  Desk desk{question.agent_group};
  if (!desk.is_open() || !desk.show(printable(question.text))) {
    return std::nullopt;
  }
  for (int line = 0; line < max_lines; ++line) {
    if (wait_for_input(desk.terminal(), question.cancel_fd, limit) == News::nothing_more) {
      break;
    }
    const auto answer = read_line(desk.terminal());
    if (!answer) {
      break;
    }
    const auto found = std::ranges::find(question.choices, *answer);
    if (found != question.choices.end()) {
      return static_cast<std::size_t>(found - question.choices.begin());
    }
    desk.show("please type one of: " + listing(question.choices) + "\n");
  }
  desk.show("\n");
  return std::nullopt;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto harmful = harmful_prefix(text);
    if (harmful == 0) {
      out += text.front();
    }
    for (std::size_t index = 0; index < harmful; ++index) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(text[index]));
      out += escaped.data();
    }
    text.remove_prefix(std::max<std::size_t>(harmful, 1));
  }
  return out;
}

}  // namespace runagents::launch
