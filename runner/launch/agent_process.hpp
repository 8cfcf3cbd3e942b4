#pragma once

#include <sys/types.h>

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace runagents::launch {

/// How an agent is started. The environment is complete: nothing is inherited.
struct LaunchSpec {
  std::vector<std::string> command;      ///< argv; the first is looked up in PATH of `environment`
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string working_directory;         ///< empty: the current one
};

/// Why an agent did not start: exit code 127 (not found) or 126 (found, cannot be executed), or 125 for our own failure.
struct LaunchFailure {
  int exit_code = 125;
  Error error;
};

/// How an agent ended.
struct ExitStatus {
  int code = 0;    ///< what the shell would show: the status, or 128+N for signal N
  int signal = 0;  ///< 0: it exited by itself
};

/// The running agent, under a supervisor: a process of ours between runner and agent that is the subreaper of everything
/// the agent starts, so that the whole tree is known, dies with the runner (also by SIGKILL), and ends when the agent's
/// own process has ended. It holds no descriptor but its two ends of a socket pair and executes nothing of ours but
/// its loop.
///
/// The agent has no inherited descriptor but 0, 1 and 2. When standard input is a terminal, the agent's process group
/// is made its foreground group, and the runner takes the terminal back at the end: job control, Ctrl-C and full-screen
/// programs work, and stopping the agent (Ctrl-Z) stops the runner too.
class AgentProcess {
 public:
  /// Forks: must be called while the process has a single thread. Returns when the agent's program has been executed.
  [[nodiscard]] static std::expected<AgentProcess, LaunchFailure> start(const LaunchSpec& spec);
  ~AgentProcess();  ///< ends everything that still lives
  AgentProcess(AgentProcess&&) noexcept;
  AgentProcess& operator=(AgentProcess&&) noexcept;

  /// The root of the run's process tree; every process of the agent is a descendant of it.
  [[nodiscard]] pid_t supervisor_pid() const noexcept;
  [[nodiscard]] pid_t agent_pid() const noexcept;
  /// Becomes readable when the agent has ended; then call `wait`. Owned by this object.
  [[nodiscard]] int ended_fd() const noexcept;
  /// How the agent ended; blocks until it has, and until everything it started is gone.
  [[nodiscard]] ExitStatus wait();
  /// Sends a signal to the agent's process group.
  void signal(int number);
  /// Kills every process of the run.
  void kill_all();
  /// Stops or continues every process of the run (the `ask` approval mode).
  void freeze();
  void thaw();

 private:
  struct State;
  explicit AgentProcess(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runagents::launch
