#include "runner/launch/tree_signals.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runner/launch/pidfd.hpp"

namespace runagents::launch {
namespace {

/// Enough for a tree that forks as fast as it can: each pass stops everything that the pass before left running.
constexpr int max_passes = 200;
constexpr auto longest_kill = std::chrono::seconds{5};
constexpr auto between_rounds = std::chrono::milliseconds{2};

bool contains(const std::vector<Process>& processes, const Process& wanted) noexcept {
  return std::ranges::any_of(
      processes, [&](const Process& process) { return process.pid == wanted.pid && process.start == wanted.start; });
}

}  // namespace

bool send_signal(const Process& process, int number) noexcept {
  const int handle = ::pidfd_open(process.pid, 0);
  if (handle < 0) {
    return false;
  }
  const auto now = read_process(process.pid);
  const bool sent = now && now->start == process.start && ::pidfd_send_signal(handle, number, nullptr, 0) == 0;
  ::close(handle);
  return sent;
}

std::size_t signal_tree(pid_t root, int number) {
  std::size_t alive = 0;
  for (const auto& process : descendants(root)) {
    if (!process.is_dead()) {
      ++alive;
      send_signal(process, number);
    }
  }
  return alive;
}

std::vector<Process> stop_tree(pid_t root) {
  std::vector<Process> stopped;
  for (int pass = 0; pass < max_passes; ++pass) {
    bool at_rest = true;
    for (const auto& process : descendants(root)) {
      if (process.is_dead() || process.is_stopped() || !send_signal(process, SIGSTOP)) {
        continue;
      }
      // One that runs although it was stopped before has been continued by a member of the tree that was not stopped
      // yet. A process in a system call that cannot be interrupted, and one whose main thread has ended, never look
      // stopped.
      const bool known = contains(stopped, process);
      at_rest = at_rest && known && (process.state == 'D' || process.state == 'Z');
      if (!known) {
        stopped.push_back(process);
      }
    }
    if (at_rest) {
      break;
    }
  }
  return stopped;
}

void continue_processes(const std::vector<Process>& stopped) noexcept {
  for (const auto& process : stopped) {
    send_signal(process, SIGCONT);
  }
}

std::size_t kill_tree_once(pid_t root) {
  for (const pid_t group : groups_below(root)) {
    if (group > 1) {
      ::kill(-group, SIGKILL);
    }
  }
  static_cast<void>(stop_tree(root));
  return signal_tree(root, SIGKILL);
}

bool kill_tree(pid_t root) {
  const auto limit = std::chrono::steady_clock::now() + longest_kill;
  while (kill_tree_once(root) > 0) {
    if (std::chrono::steady_clock::now() > limit) {
      return false;
    }
    std::this_thread::sleep_for(between_rounds);
  }
  return true;
}

void kill_orphans() {
  static_cast<void>(kill_tree(::getpid()));
  // What is below by now is dead; parents come before their children are handed on, hence the rounds.
  for (auto left = descendants(::getpid()); !left.empty();) {
    const auto reaped = std::ranges::count_if(
        left, [](const Process& process) { return ::waitpid(process.pid, nullptr, WNOHANG) == process.pid; });
    if (reaped == 0) {
      return;
    }
    left = descendants(::getpid());
  }
}

}  // namespace runagents::launch
