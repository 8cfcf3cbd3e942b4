#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace runagents::launch {

/// One process as /proc/PID/stat shows it (proc(5)). Two readings with equal `pid` and `start` are the same process.
struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  std::uint64_t start = 0;    ///< clock ticks since boot
  std::uint32_t threads = 0;  ///< 0 and 1 count as one
  char state = '?';           ///< 'R', 'S', 'D', 'T', 'Z', ...

  /// It runs no code any more. A zombie whose other threads still run is alive.
  [[nodiscard]] bool is_dead() const noexcept;
  /// Stopped by a signal (or by a debugger).
  [[nodiscard]] bool is_stopped() const noexcept { return state == 'T' || state == 't'; }
};

/// Reads the text of a /proc/PID/stat; the program's name inside may contain blanks and parentheses.
[[nodiscard]] std::optional<Process> parse_process(std::string_view stat) noexcept;

/// The process with this pid, if there is one.
[[nodiscard]] std::optional<Process> read_process(pid_t pid) noexcept;

enum class Scan {
  newer,    ///< only processes with a higher pid than the root: cheap, complete unless pids have wrapped around
  complete  ///< every process of the system
};

/// The processes below `root`, without `root` itself, zombies included, sorted by pid. A snapshot: processes come and
/// go while it is taken, so one that was born during the scan may be missing.
[[nodiscard]] std::vector<Process> descendants(pid_t root, Scan scan = Scan::complete);

/// The process groups that have living members below `root` and none elsewhere.
[[nodiscard]] std::vector<pid_t> groups_below(pid_t root);

/// Whether `pid` is below `root`. False as well when its line of parents kept changing while it was read.
[[nodiscard]] bool is_descendant(pid_t pid, pid_t root) noexcept;

}  // namespace runagents::launch
