#include "runner/launch/foreground.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "runner/launch/process_tree.hpp"

namespace runagents::launch {
namespace {

/// Lets a process that is not in the foreground change the terminal: with SIGTTOU blocked the kernel allows it instead
/// of stopping the process.
class BackgroundWrites {
 public:
  BackgroundWrites() noexcept {
    sigset_t output;
    sigemptyset(&output);
    sigaddset(&output, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &output, &before_);
  }
  ~BackgroundWrites() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BackgroundWrites(const BackgroundWrites&) = delete;
  BackgroundWrites& operator=(const BackgroundWrites&) = delete;

 private:
  sigset_t before_{};
};

std::optional<termios> modes_of(int terminal) noexcept {
  termios modes = {};
  return ::tcgetattr(terminal, &modes) == 0 ? std::optional{modes} : std::nullopt;
}

bool is_of_others(pid_t group, pid_t root) {
  if (::kill(-group, 0) != 0 && errno == ESRCH) {
    return false;
  }
  return std::ranges::none_of(descendants(root),
                              [&](const Process& process) { return ::getpgid(process.pid) == group; });
}

}  // namespace

Foreground::Foreground() : terminal_{::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)} {
  if (terminal_ >= 0) {
    runner_modes_ = modes_of(terminal_);
  }
}

Foreground::~Foreground() {
  if (terminal_ >= 0) {
    ::close(terminal_);
  }
}

bool Foreground::runner_owns() const noexcept { return terminal_ >= 0 && ::tcgetpgrp(terminal_) == ::getpgrp(); }

bool Foreground::agent_should_own() const noexcept {
  return runner_owns() && ::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp();
}

bool Foreground::give_to(pid_t agent) noexcept {
  if (!runner_owns()) {
    return false;
  }
  const BackgroundWrites allowed;
  runner_modes_ = modes_of(terminal_);
  if ((last_group_ <= 0 || ::tcsetpgrp(terminal_, last_group_) != 0) && ::tcsetpgrp(terminal_, agent) != 0) {
    return false;
  }
  agent_owns_ = true;
  if (agent_modes_) {
    ::tcsetattr(terminal_, TCSANOW, &*agent_modes_);
  }
  return true;
}

void Foreground::take_back(pid_t root) {
  if (!agent_owns_) {
    return;
  }
  agent_owns_ = false;
  const pid_t owner = ::tcgetpgrp(terminal_);
  if (owner <= 0 || (owner != ::getpgrp() && is_of_others(owner, root))) {
    return;
  }
  const BackgroundWrites allowed;
  last_group_ = owner;
  agent_modes_ = modes_of(terminal_);
  if (::tcsetpgrp(terminal_, ::getpgrp()) == 0 && runner_modes_) {
    // Not TCSADRAIN: after Ctrl-S that would wait for a key.
    ::tcsetattr(terminal_, TCSANOW, &*runner_modes_);
  }
}

void stop_own_job() noexcept {
  struct sigaction ignore = {};
  struct sigaction standard = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  standard.sa_handler = SIG_DFL;
  // The others in the process group first: a shell takes the job as stopped when nobody in it runs.
  ::sigaction(SIGTSTP, &ignore, &before);
  ::kill(0, SIGTSTP);
  ::sigaction(SIGTSTP, &standard, nullptr);
  ::raise(SIGTSTP);
  ::sigaction(SIGTSTP, &before, nullptr);
}

}  // namespace runagents::launch
