#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "runner/fence/failure.hpp"
#include "runner/launch/agent_process.hpp"

namespace runagents::launch {

/// A LaunchSpec in the form that execve(2) takes, made before the fork. Points into the spec.
class ExecPlan {
 public:
  explicit ExecPlan(const LaunchSpec& spec);

  [[nodiscard]] char* const* arguments() const noexcept { return arguments_.data(); }
  [[nodiscard]] char* const* environment() const noexcept { return environment_.data(); }
  [[nodiscard]] const char* working_directory() const noexcept { return working_directory_; }
  [[nodiscard]] const std::optional<rlimit>& descriptors() const noexcept { return descriptors_; }
  /// The files to try, in this order.
  [[nodiscard]] const std::vector<std::string>& candidates() const noexcept { return candidates_; }

 private:
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
  std::vector<std::string> candidates_;
  const char* working_directory_;
  std::optional<rlimit> descriptors_;
};

/// What the new process does before the agent's program, and what can fail there.
enum class StartStep : int { fork, fence, working_directory, restrictions, execute };

struct StartFailure {
  StartStep step = StartStep::fork;
  int error = 0;           ///< errno
  fence::Failure fence{};  ///< StartStep::fence
};

/// Where the agent comes to life.
struct AgentSurroundings {
  pid_t supervisor = 0;
  int control = -1;                    ///< where it says that it is born
  const fence::Plan* fence = nullptr;  ///< null: none
  bool takes_terminal = false;         ///< make it the foreground group of the terminal on standard input
  bool keeps_hangup_ignored = false;
};

/// Turns the calling process, fresh from fork with all signals blocked, into the agent: own process group, the
/// terminal, default signal dispositions, no new privileges, no descriptor but 0, 1 and 2, the fence's restrictions,
/// and the program. Returns only when that failed.
[[nodiscard]] StartFailure become_agent(const ExecPlan& plan, const AgentSurroundings& surroundings) noexcept;

/// The failure in words, with the exit code that goes with it.
[[nodiscard]] LaunchFailure describe(const StartFailure& failure, const LaunchSpec& spec);

}  // namespace runagents::launch
