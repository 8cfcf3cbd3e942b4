#pragma once

#include <optional>
#include <sys/types.h>
#include <termios.h>

namespace runagents::launch {

/// Who owns the controlling terminal: the runner's process group or the agent's (termios(3), credentials(7)). Each side
/// finds the terminal's modes as it left them. Without a controlling terminal everything here does nothing.
///
/// The runner never takes the terminal from anybody but the agent: as a background job it leaves it alone.
class Foreground {
 public:
  Foreground();
  ~Foreground();
  Foreground(const Foreground&) = delete;
  Foreground& operator=(const Foreground&) = delete;

  [[nodiscard]] bool has_terminal() const noexcept { return terminal_ >= 0; }
  /// Standard input is the controlling terminal, and the runner is its foreground job.
  [[nodiscard]] bool agent_should_own() const noexcept;
  [[nodiscard]] bool runner_owns() const noexcept;
  [[nodiscard]] bool agent_owns() const noexcept { return agent_owns_; }

  /// The agent took the terminal itself when it started.
  void agent_started_as_owner() noexcept { agent_owns_ = true; }
  /// Makes the agent's group (or the one of its jobs that had the terminal last) the foreground group if the runner's
  /// is that now. False when it is not.
  bool give_to(pid_t agent) noexcept;
  /// Makes the runner's group the foreground group again, if a group of the tree below `root`, or one that has ended,
  /// is that now.
  void take_back(pid_t root);

 private:
  int terminal_ = -1;
  bool agent_owns_ = false;
  pid_t last_group_ = 0;
  std::optional<termios> runner_modes_;
  std::optional<termios> agent_modes_;
};

/// Stops the runner's whole job as Ctrl-Z would, and returns when it has been continued. Where no shell could continue
/// it (an orphaned process group) the kernel ignores the signal, and this returns at once.
void stop_own_job() noexcept;

}  // namespace runagents::launch
