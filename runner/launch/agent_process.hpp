#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <sys/types.h>
#include <vector>

#include "core/error.hpp"

namespace runagents::fence {
struct Plan;
}

namespace runagents::launch {

/// How an agent is started. The environment is complete: nothing is inherited.
struct LaunchSpec {
  std::vector<std::string> command;                  ///< argv; the first is looked up in PATH of `environment`
  std::vector<std::string> environment;              ///< "NAME=value"
  std::string working_directory;                     ///< empty: the current one; with a fence absolute
  const fence::Plan* fence = nullptr;                ///< null: no fence
  std::optional<rlimit> descriptors = std::nullopt;  ///< RLIMIT_NOFILE of the agent; nothing: the runner's
};

/// Why an agent did not start: exit code 127 (not found) or 126 (found, cannot be executed), or 125 for our own
/// failure.
struct LaunchFailure {
  int exit_code = 125;
  Error error;
};

/// How an agent ended.
struct ExitStatus {
  int code = 0;    ///< what the shell would show: the status, or 128+N for signal N
  int signal = 0;  ///< 0: it exited by itself
};

/// The running agent, under a supervisor: a process of ours between runner and agent that is the subreaper of
/// everything the agent starts, so that the whole tree is known, dies with the runner (also by SIGKILL), and ends when
/// the agent's own process has ended: what is left gets SIGTERM and, half a second later, SIGKILL. It holds no
/// descriptor but its end of a socket pair and executes nothing of ours but its loop. Should the supervisor itself be
/// killed, the runner inherits the tree, and `wait` kills every descendant of the runner.
///
/// The agent has no inherited descriptor but 0, 1 and 2, no signal is blocked or ignored in it (SIGHUP stays ignored if
/// the runner was started so, by nohup), and it cannot gain privileges (no_new_privs). When standard input is a
/// terminal with the runner in its foreground, the agent's process group becomes the foreground group, and the runner
/// takes the terminal back at the end and restores its modes: job control, Ctrl-C and full-screen programs work.
///
/// Stopping the agent from the terminal (Ctrl-Z) stops the runner's job too, if the caller watches `notice_fd`; passing
/// on SIGCONT with `continued` lets both go on together.
///
/// With a fence the supervisor is the first process of a PID namespace and builds the fence before it starts the agent.
/// The pids here are those that the runner sees.
///
/// Used by one thread.
class AgentProcess {
 public:
  /// Forks: must be called while the process has a single thread. Returns when the agent's program has been executed.
  ///
  /// From then on the calling process is not dumpable (the agent, the same user, can neither trace it nor read its
  /// memory and environment in /proc) and adopts orphans of its descendants (PR_SET_CHILD_SUBREAPER).
  [[nodiscard]] static std::expected<AgentProcess, LaunchFailure> start(const LaunchSpec& spec);
  ~AgentProcess();  ///< ends everything that still lives
  AgentProcess(AgentProcess&&) noexcept;
  AgentProcess& operator=(AgentProcess&&) noexcept;

  /// The root of the run's process tree; every process of the agent is a descendant of it.
  [[nodiscard]] pid_t supervisor_pid() const noexcept;
  [[nodiscard]] pid_t agent_pid() const noexcept;
  /// Becomes readable when the agent and everything it started has ended; then call `wait`. Owned by this object.
  [[nodiscard]] int ended_fd() const noexcept;
  /// How the agent ended; blocks until it has, and until everything it started is gone. Follows stops meanwhile. May be
  /// called again.
  [[nodiscard]] ExitStatus wait();
  /// Becomes readable when `handle_notice` has something to do. Owned by this object.
  [[nodiscard]] int notice_fd() const noexcept;
  /// Follows the agent: when it was stopped from the terminal, takes the terminal back and stops the runner's own job,
  /// returning when that has been continued; when it waits for a terminal that is the runner's, hands it over. False
  /// when no further notice will come: stop watching `notice_fd`.
  bool handle_notice();
  /// To be called when the runner received SIGCONT (`fg` and `bg` of a shell send it): gives the agent the terminal if
  /// the runner's job has it, and continues the agent if it was stopped from the terminal.
  void continued();
  /// The sockets of the fence's listeners, in the order of its plan, and then one for socket diagnostics
  /// (NETLINK_SOCK_DIAG) inside. The caller's from then on. Empty without a fence. Later, after `handle_notice`: what
  /// `order_sockets` asked for.
  [[nodiscard]] std::vector<int> take_sockets();
  /// Asks for so many unconnected TCP sockets of the fence's network. They may be fewer.
  void order_sockets(int count);
  /// Sends a signal to the agent's process group.
  void signal(int number);
  /// Kills every process of the run.
  void kill_all();
  /// Stops every process of the run and takes the terminal (the `ask` approval mode). Returns when all of them rest.
  void freeze();
  /// Continues what `freeze` stopped and gives the terminal back.
  void thaw();

 private:
  struct State;
  explicit AgentProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runagents::launch
