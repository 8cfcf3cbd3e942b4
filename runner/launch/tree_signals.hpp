#pragma once

#include <cstddef>
#include <sys/types.h>
#include <vector>

#include "runner/launch/process_tree.hpp"

namespace runagents::launch {

/// Sends a signal to exactly this process, never to another one that got its pid since (pidfd_open(2)). False when it
/// is gone or may not be signalled.
bool send_signal(const Process& process, int number) noexcept;

/// Sends a signal once to every living process below `root`; returns how many there were.
std::size_t signal_tree(pid_t root, int number);

/// Stops every process below `root` and looks again until there is none that runs, so that a tree which keeps forking
/// comes to rest. Returns those that were running before; the others had been stopped by somebody else.
[[nodiscard]] std::vector<Process> stop_tree(pid_t root);

/// Lets processes go on that `stop_tree` stopped.
void continue_processes(const std::vector<Process>& stopped) noexcept;

/// One round of ending everything below `root`: SIGKILL to whole process groups, which no fork can outrun; then stops
/// what is left until it rests, and SIGKILL. Returns how many processes were alive; zero
/// means that nothing is left. Does not reap.
std::size_t kill_tree_once(pid_t root);

/// Rounds of `kill_tree_once` until nothing is left; false when something still is after five seconds (it hangs in the
/// kernel). Does not reap.
bool kill_tree(pid_t root);

/// Kills and reaps everything below the calling process, which has become the parent of what a lost supervisor left.
void kill_orphans();

}  // namespace runagents::launch
