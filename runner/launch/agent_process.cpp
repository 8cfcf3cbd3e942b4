#include "runner/launch/agent_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "runner/fence/namespaces.hpp"
#include "runner/launch/agent_exec.hpp"
#include "runner/launch/control.hpp"
#include "runner/launch/foreground.hpp"
#include "runner/launch/pidfd.hpp"
#include "runner/launch/supervisor.hpp"
#include "runner/launch/tree_signals.hpp"

namespace runagents::launch {
namespace {

constexpr int nudge_ms = 250;

/// The supervisor and the agent start with every signal blocked and unblock what they want; the runner keeps its mask.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// A process that was started with 0, 1 or 2 closed would get its own sockets there and hand them to the agent.
void occupy_standard_descriptors() noexcept {
  int file = ::open("/dev/null", O_RDWR);
  while (file >= 0 && file <= STDERR_FILENO) {
    file = ::open("/dev/null", O_RDWR);
  }
  if (file > STDERR_FILENO) {
    ::close(file);
  }
}

ExitStatus exit_status(int status) noexcept {
  if (WIFSIGNALED(status)) {
    return {.code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  }
  return {.code = WEXITSTATUS(status), .signal = 0};
}

constexpr ExitStatus killed{.code = 128 + SIGKILL, .signal = SIGKILL};

bool waits_for_terminal(int stopped_by) noexcept { return stopped_by == SIGTTIN || stopped_by == SIGTTOU; }

bool has_nul(const std::string& text) noexcept { return text.find('\0') != std::string::npos; }

std::optional<LaunchFailure> find_fault(const LaunchSpec& spec) {
  if (spec.command.empty() || spec.command.front().empty()) {
    return LaunchFailure{.error = {ErrorCode::configuration, "there is no command to run",
                                   "give one after --, or set command in the [agent] table"}};
  }
  if (std::ranges::any_of(spec.command, has_nul) || std::ranges::any_of(spec.environment, has_nul) ||
      has_nul(spec.working_directory)) {
    return LaunchFailure{.error = {ErrorCode::configuration,
                                   "the agent's command, environment or directory contains a NUL character", ""}};
  }
  return std::nullopt;
}

/// Waits for the supervisor's next word. An agent of the same user can stop the supervisor: it is sent on its way
/// again.
Received wait_for_message(int control, pid_t supervisor) noexcept {
  pollfd source{.fd = control, .events = POLLIN, .revents = 0};
  while (::poll(&source, 1, nudge_ms) <= 0) {
    ::kill(supervisor, SIGCONT);
  }
  return receive_message(control, Wait::yes);
}

}  // namespace

struct AgentProcess::State {
  ~State();
  void follow_stop(int stopped_by);
  void resume();
  void take_message(const Message& message);
  bool take_notice(Wait wait);
  void await_start();
  void kill_all();
  void finish();

  pid_t supervisor = 0;
  pid_t born = 0;  ///< the agent's process before its program has taken over
  pid_t agent = 0;
  int control = -1;
  int supervisor_handle = -1;
  Foreground foreground;
  int stopped_by = 0;  ///< the terminal's stop signal that holds the agent now
  bool frozen = false;
  bool returns_terminal = false;  ///< thaw gives the terminal back to the agent
  std::vector<Process> stopped;   ///< by freeze
  std::optional<StartFailure> failure;
  std::vector<int> sockets;
  std::optional<ExitStatus> ended;
  bool finished = false;
};

AgentProcess::State::~State() {
  if (supervisor > 0 && !finished) {
    kill_all();
    finish();
  }
  sockets.push_back(control);
  sockets.push_back(supervisor_handle);
  for (const int file : sockets) {
    if (file >= 0) {
      ::close(file);
    }
  }
}

/// The agent stands still because of `stopped_by`.
void AgentProcess::State::follow_stop(int number) {
  if (!foreground.has_terminal() || frozen) {
    return;
  }
  stopped_by = number;
  if (waits_for_terminal(number) && foreground.runner_owns()) {
    resume();
    return;
  }
  foreground.take_back(supervisor);
  stop_own_job();
  resume();
}

void AgentProcess::State::resume() {
  if (frozen) {
    return;
  }
  const bool owns = foreground.agent_owns() ||
                    ((waits_for_terminal(stopped_by) || foreground.agent_should_own()) && foreground.give_to(agent));
  // Without the terminal that it waits for it would only stop again.
  if (stopped_by != 0 && (owns || !waits_for_terminal(stopped_by))) {
    stopped_by = 0;
    send_message(control, {.notice = Notice::signal, .value = SIGCONT, .detail = 0});
  }
}

void AgentProcess::State::take_message(const Message& message) {
  switch (message.notice) {
    case Notice::started:
      agent = born;
      break;
    case Notice::failed:
      failure = StartFailure{static_cast<StartStep>(message.value), message.detail, message.failure};
      break;
    case Notice::stopped:
      follow_stop(message.value);
      break;
    case Notice::ended:
      ended = exit_status(message.value);
      break;
    case Notice::sockets:
    case Notice::born:
    case Notice::signal:
    case Notice::more_sockets:
    case Notice::frozen:
      break;
  }
}

/// False when nothing more will come.
bool AgentProcess::State::take_notice(Wait wait) {
  const auto received = wait == Wait::yes ? wait_for_message(control, supervisor) : receive_message(control, wait);
  sockets.insert(sockets.end(), received.descriptors.begin(), received.descriptors.end());
  if (received.message) {
    if (received.message->notice == Notice::born) {
      born = received.sender;
    }
    take_message(*received.message);
  }
  return !ended && !received.closed;
}

void AgentProcess::State::await_start() {
  while (agent == 0 && !failure && take_notice(Wait::yes)) {
  }
}

void AgentProcess::State::kill_all() {
  ::kill(supervisor, SIGCONT);
  static_cast<void>(kill_tree(supervisor));
}

void AgentProcess::State::finish() {
  if (finished) {
    return;
  }
  while (take_notice(Wait::yes)) {
  }
  if (!ended && !failure) {
    // The supervisor is gone without a word: somebody killed it, and the kernel the agent's process with it.
    ended = killed;
    kill_orphans();
  }
  ::waitpid(supervisor, nullptr, 0);
  finished = true;
  foreground.take_back(supervisor);
}

AgentProcess::AgentProcess(std::unique_ptr<State> state) : state_{std::move(state)} {}
AgentProcess::~AgentProcess() = default;
AgentProcess::AgentProcess(AgentProcess&&) noexcept = default;
AgentProcess& AgentProcess::operator=(AgentProcess&&) noexcept = default;

std::expected<AgentProcess, LaunchFailure> AgentProcess::start(const LaunchSpec& spec) {
  if (auto fault = find_fault(spec)) {
    return std::unexpected(std::move(*fault));
  }
  occupy_standard_descriptors();
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return std::unexpected(describe({StartStep::fork, errno}, spec));
  }
  const int on = 1;
  ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  const ExecPlan plan{spec};
  auto state = std::make_unique<State>();
  state->control = ends[0];
  const bool takes_terminal = state->foreground.agent_should_own();
  const pid_t runner = ::getpid();
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  {
    const AllSignalsBlocked blocked;
    const Supervision supervision{.plan = &plan,
                                  .control = ends[1],
                                  .runner = runner,
                                  .user = ::geteuid(),
                                  .group = ::getegid(),
                                  .takes_terminal = takes_terminal,
                                  .fence = spec.fence};
    state->supervisor = spec.fence != nullptr ? fence::fork_into_namespaces() : ::fork();
    if (state->supervisor == 0) {
      supervise(supervision);
    }
  }
  const int fork_error = errno;
  ::close(ends[1]);
  if (state->supervisor < 0) {
    const auto step = spec.fence != nullptr ? StartStep::fence : StartStep::fork;
    return std::unexpected(describe({step, fork_error, {fence::Part::namespaces, "clone", fork_error}}, spec));
  }
  state->supervisor_handle = ::pidfd_open(state->supervisor, 0);
  if (takes_terminal) {
    state->foreground.agent_started_as_owner();
  }
  state->await_start();
  if (state->agent == 0) {
    state->finish();
    return std::unexpected(
        state->failure
            ? describe(*state->failure, spec)
            : LaunchFailure{.error = {ErrorCode::internal, "the agent's supervisor was killed while it started", ""}});
  }
  return AgentProcess{std::move(state)};
}

pid_t AgentProcess::supervisor_pid() const noexcept { return state_->supervisor; }
pid_t AgentProcess::agent_pid() const noexcept { return state_->agent; }
int AgentProcess::ended_fd() const noexcept { return state_->supervisor_handle; }
int AgentProcess::notice_fd() const noexcept { return state_->control; }

std::vector<int> AgentProcess::take_sockets() { return std::exchange(state_->sockets, {}); }

void AgentProcess::order_sockets(int count) {
  if (!state_->finished) {
    send_message(state_->control, {.notice = Notice::more_sockets, .value = count, .detail = 0});
  }
}

ExitStatus AgentProcess::wait() {
  state_->finish();
  return state_->ended.value_or(killed);
}

bool AgentProcess::handle_notice() { return !state_->finished && state_->take_notice(Wait::no); }

void AgentProcess::continued() {
  if (!state_->finished) {
    state_->resume();
  }
}

void AgentProcess::signal(int number) {
  if (!state_->finished) {
    send_message(state_->control, {.notice = Notice::signal, .value = number, .detail = 0});
  }
}

void AgentProcess::kill_all() {
  if (!state_->finished) {
    state_->kill_all();
  }
}

void AgentProcess::freeze() {
  if (state_->frozen || state_->finished) {
    return;
  }
  state_->frozen = true;
  send_message(state_->control, {.notice = Notice::frozen, .value = 1, .detail = 0});
  state_->stopped = stop_tree(state_->supervisor);
  state_->returns_terminal = state_->foreground.agent_owns();
  state_->foreground.take_back(state_->supervisor);
}

void AgentProcess::thaw() {
  if (!state_->frozen || state_->finished) {
    return;
  }
  state_->frozen = false;
  if (state_->returns_terminal) {
    state_->foreground.give_to(state_->agent);
  }
  continue_processes(state_->stopped);
  state_->stopped.clear();
  send_message(state_->control, {.notice = Notice::frozen, .value = 0, .detail = 0});
}

}  // namespace runagents::launch
