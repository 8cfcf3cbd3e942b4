#pragma once

#include <sys/types.h>

#include "runner/fence/plan.hpp"
#include "runner/launch/agent_exec.hpp"

namespace runagents::launch {

/// What the supervisor starts with.
struct Supervision {
  const ExecPlan* plan = nullptr;
  int control = -1;  ///< its end of the socket pair
  pid_t runner = 0;
  uid_t user = 0;  ///< the runner's, as seen outside of the fence
  gid_t group = 0;
  bool takes_terminal = false;
  const fence::Plan* fence = nullptr;  ///< null: none
};

/// The supervisor's whole life, in a process fresh from fork with all signals blocked: starts the agent, serves the
/// runner's messages, ends every descendant when the agent's own process has ended or the runner is gone, and exits.
[[noreturn]] void supervise(Supervision supervision) noexcept;

}  // namespace runagents::launch
