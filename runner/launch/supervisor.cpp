#include "runner/launch/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <span>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "runner/fence/build.hpp"
#include "runner/fence/network.hpp"
#include "runner/launch/control.hpp"
#include "runner/launch/tree_signals.hpp"

namespace runagents::launch {
namespace {

using Clock = std::chrono::steady_clock;

/// What the agent's leftovers get between SIGTERM and SIGKILL.
constexpr auto grace = std::chrono::milliseconds{500};
/// After this long, processes that hang in the kernel (a dead network file system) are not waited for any more: they
/// have been killed and execute nothing of their own.
constexpr auto longest_end = std::chrono::seconds{5};
constexpr int look_again_ms = 5;
constexpr int control_fd = 3;

bool all_hang(pid_t root) {
  return std::ranges::all_of(descendants(root),
                             [](const Process& process) { return process.is_dead() || process.state == 'D'; });
}

class Supervisor {
 public:
  explicit Supervisor(const Supervision& supervision) : given_{supervision} {}

  [[noreturn]] void live() {
    move_in();
    if (!build_fence() || !start_agent()) {
      ::_exit(1);
    }
    while (!agent_status_ && !runner_gone_) {
      wait_for_news(-1);
    }
    end_the_rest();
    if (agent_status_) {
      send_message(control_fd, {.notice = Notice::ended, .value = *agent_status_, .detail = 0});
    }
    ::_exit(0);
  }

 private:
  void move_in();
  bool build_fence();
  bool start_agent();
  void tell_failure(const StartFailure& failure) const;
  [[nodiscard]] bool has_lost_runner() const noexcept {
    // In a PID namespace of its own it has no parent to look at, and dies with the runner by SIGKILL.
    return given_.fence == nullptr && ::getppid() != given_.runner;
  }
  void wait_for_news(int timeout_ms);
  void read_control();
  void obey(const Message& message);
  static void hand_out_sockets(int count);
  /// Takes in every child that ended or stopped; false when no child is left, and so no descendant.
  bool reap();
  void end_the_rest();

  Supervision given_;
  int signals_ = -1;
  pid_t agent_ = 0;
  std::optional<int> agent_status_;
  bool runner_gone_ = false;
  bool frozen_ = false;
};

/// This process began as a copy of the runner. It gets out of reach of what signals the runner's job (a process group
/// of its own), gives back every descriptor, and forgets the secrets in its copy of the environment, which the agent
/// could read in /proc.
void Supervisor::move_in() {
  ::setpgid(0, 0);
  ::prctl(PR_SET_NAME, "ra-supervisor");
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (given_.fence == nullptr) {
    // SIGCONT reaches it even while an agent of the same user keeps it stopped.
    ::prctl(PR_SET_PDEATHSIG, SIGCONT);
  } else {
    // As the first process of a PID namespace it takes all others with it, and none of them can signal it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  if (has_lost_runner()) {
    ::_exit(1);
  }
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    ::explicit_bzero(*entry, std::strlen(*entry));
  }
  ::signal(SIGCHLD, SIG_DFL);
  if (given_.control != control_fd) {
    ::dup3(given_.control, control_fd, O_CLOEXEC);
  }
  ::close_range(control_fd + 1, UINT_MAX, 0);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  sigaddset(&wanted, SIGCONT);
  signals_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool Supervisor::build_fence() {
  if (given_.fence == nullptr) {
    return true;
  }
  const auto failure = fence::build(*given_.fence, given_.user, given_.group,
                                    [](std::span<const int> sockets) { return send_descriptors(control_fd, sockets); });
  if (failure) {
    tell_failure({StartStep::fence, failure->error, *failure});
  }
  return !failure;
}

void Supervisor::tell_failure(const StartFailure& failure) const {
  send_message(control_fd, {.notice = Notice::failed,
                            .value = static_cast<int>(failure.step),
                            .detail = failure.error,
                            .failure = failure.fence});
}

bool Supervisor::start_agent() {
  struct sigaction hangup = {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  const AgentSurroundings surroundings{.supervisor = ::getpid(),
                                       .control = control_fd,
                                       .fence = given_.fence,
                                       .takes_terminal = given_.takes_terminal,
                                       .keeps_hangup_ignored = hangup.sa_handler == SIG_IGN};
  StartFailure failure{StartStep::fork, 0};
  std::array<int, 2> report{-1, -1};
  const bool ready = signals_ >= 0 && ::pipe2(report.data(), O_CLOEXEC) == 0;
  agent_ = ready ? ::fork() : -1;
  if (agent_ < 0) {
    tell_failure({StartStep::fork, errno});
    return false;
  }
  if (agent_ == 0) {
    failure = become_agent(*given_.plan, surroundings);
    static_cast<void>(::write(report[1], &failure, sizeof failure));
    ::_exit(1);
  }
  ::setpgid(agent_, agent_);
  ::close(report[1]);
  // The pipe closes by itself when the program takes over.
  ssize_t size = 0;
  do {
    size = ::read(report[0], &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  ::close(report[0]);
  if (size == 0) {
    // Should the runner be gone by now, the loop that follows finds out, and ends the agent.
    send_message(control_fd, {.notice = Notice::started, .value = 0, .detail = 0});
    return true;
  }
  ::waitpid(agent_, nullptr, 0);
  tell_failure(failure);
  return false;
}

void Supervisor::wait_for_news(int timeout_ms) {
  std::array<pollfd, 2> sources{{{.fd = runner_gone_ ? -1 : control_fd, .events = POLLIN, .revents = 0},
                                 {.fd = signals_, .events = POLLIN, .revents = 0}}};
  ::poll(sources.data(), sources.size(), timeout_ms);
  read_control();
  signalfd_siginfo news = {};
  while (::read(signals_, &news, sizeof news) == static_cast<ssize_t>(sizeof news)) {
    // SIGCONT may be the kernel's word that the runner died.
    runner_gone_ = runner_gone_ || has_lost_runner();
  }
  reap();
}

void Supervisor::read_control() {
  while (!runner_gone_) {
    const auto received = receive_message(control_fd, Wait::no);
    if (received.closed) {
      runner_gone_ = true;
    }
    if (!received.message) {
      return;
    }
    obey(*received.message);
  }
}

void Supervisor::obey(const Message& message) {
  if (message.notice == Notice::frozen) {
    frozen_ = message.value != 0;
  } else if (message.notice == Notice::more_sockets) {
    hand_out_sockets(message.value);
  } else if (message.notice == Notice::signal && !agent_status_) {
    // As long as the agent has not been waited for, its pid and its group are its own.
    ::kill(-agent_, message.value);
    if ((message.value == SIGTERM || message.value == SIGHUP) && !frozen_) {
      ::kill(-agent_, SIGCONT);
    }
  }
}

void Supervisor::hand_out_sockets(int count) {
  std::vector<int> sockets;
  for (int i = 0; i < count; ++i) {
    const int socket = fence::open_client_socket();
    if (socket < 0) {
      break;
    }
    sockets.push_back(socket);
  }
  send_descriptors(control_fd, sockets);
  for (const int socket : sockets) {
    ::close(socket);
  }
}

bool Supervisor::reap() {
  int status = 0;
  int stopped_by = 0;
  pid_t child = 0;
  while ((child = ::waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
    if (child != agent_ || agent_status_) {
      continue;
    }
    if (WIFSTOPPED(status)) {
      stopped_by = WSTOPSIG(status);
    } else {
      agent_status_ = status;
    }
  }
  const bool none_left = child < 0 && errno == ECHILD;
  if (stopped_by != 0 && !agent_status_) {
    // The runner announces a freeze before it stops anything: by now that word has arrived.
    read_control();
    if (!frozen_ && !runner_gone_) {
      send_message(control_fd, {.notice = Notice::stopped, .value = stopped_by, .detail = 0});
    }
  }
  return !none_left;
}

void Supervisor::end_the_rest() {
  if (!reap()) {
    return;
  }
  const pid_t self = ::getpid();
  const auto begin = Clock::now();
  if (!runner_gone_) {
    signal_tree(self, SIGTERM);
    signal_tree(self, SIGCONT);
  }
  while (reap()) {
    const auto elapsed = Clock::now() - begin;
    if (elapsed > longest_end && all_hang(self)) {
      return;
    }
    if (runner_gone_ || elapsed >= grace) {
      kill_tree_once(self);
      if (!reap()) {
        return;
      }
    }
    wait_for_news(look_again_ms);
  }
}

}  // namespace

void supervise(Supervision supervision) noexcept {
  Supervisor supervisor{supervision};
  supervisor.live();
}

}  // namespace runagents::launch
