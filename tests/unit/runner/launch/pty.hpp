#pragma once

#include <csignal>
#include <poll.h>
#include <pty.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace runagents::launch::test {

/// A program in a session of its own on a pseudo-terminal, as a terminal emulator would run it.
class PtySession {
 public:
  /// `session` runs in the child, which is the session's leader in the terminal's foreground; what it returns is the
  /// exit status.
  template <class Session>
  explicit PtySession(Session session) {
    leader_ = ::forkpty(&master_, nullptr, nullptr, nullptr);
    if (leader_ == 0) {
      ::alarm(60);
      ::_exit(session());
    }
  }
  ~PtySession() {
    hang_up();
    if (leader_ > 0) {
      ::kill(leader_, SIGKILL);
      ::waitpid(leader_, nullptr, 0);
    }
  }
  PtySession(const PtySession&) = delete;
  PtySession& operator=(const PtySession&) = delete;

  /// Reads until `text` has been shown; everything up to its end is consumed.
  bool shows(const std::string& text) {
    while (true) {
      if (const auto found = output_.find(text); found != std::string::npos) {
        output_.erase(0, found + text.size());
        return true;
      }
      pollfd source{.fd = master_, .events = POLLIN, .revents = 0};
      char buffer[512];
      if (::poll(&source, 1, 10'000) != 1) {
        return false;
      }
      const ssize_t size = ::read(master_, buffer, sizeof buffer);
      if (size <= 0) {
        return false;
      }
      output_.append(buffer, static_cast<std::size_t>(size));
    }
  }

  void type(const std::string& keys) const { static_cast<void>(!::write(master_, keys.data(), keys.size())); }

  void resize(unsigned short rows, unsigned short columns) const {
    const winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(master_, TIOCSWINSZ, &size);
  }

  void hang_up() {
    if (master_ >= 0) {
      ::close(std::exchange(master_, -1));
    }
  }

  /// The exit status of the session's program, or minus the signal that ended it.
  int status() {
    // A session leader that ends waits for its output to be read.
    while (master_ >= 0 && shows("\x01never shown\x01")) {
    }
    int status = 0;
    ::waitpid(std::exchange(leader_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  int master_ = -1;
  pid_t leader_ = 0;
  std::string output_;
};

/// Prints what a test waits for.
inline void say(const std::string& text) { static_cast<void>(!::write(STDOUT_FILENO, text.data(), text.size())); }

}  // namespace runagents::launch::test
