#include "runner/launch/process_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace runagents::launch {
namespace {

constexpr int max_depth = 4096;
constexpr int max_attempts = 3;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

template <class Number>
bool read_number(std::string_view text, Number& value) noexcept {
  return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
}

std::string_view next_field(std::string_view& rest) noexcept {
  const auto begin = std::min(rest.find_first_not_of(' '), rest.size());
  const auto end = std::min(rest.find_first_of(" \n", begin), rest.size());
  const auto field = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return field;
}

std::optional<Process> read_process_at(int proc, const char* pid) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "%s/stat", pid);
  const int file = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return std::nullopt;
  }
  std::array<char, 1024> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  return size > 0 ? parse_process({text.data(), static_cast<std::size_t>(size)}) : std::nullopt;
}

/// The processes of the system with a pid above `above`, sorted by pid.
std::vector<Process> read_all(pid_t above) {
  std::vector<Process> all;
  const Directory proc{::opendir("/proc")};
  if (!proc) {
    return all;
  }
  const int proc_fd = ::dirfd(proc.get());
  while (const dirent* entry = ::readdir(proc.get())) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    pid_t pid = 0;
    if (!read_number(name, pid) || pid <= above) {
      continue;
    }
    if (const auto process = read_process_at(proc_fd, static_cast<const char*>(entry->d_name))) {
      all.push_back(*process);
    }
  }
  std::ranges::sort(all, {}, &Process::pid);
  return all;
}

const Process* find(const std::vector<Process>& all, pid_t pid) noexcept {
  const auto found = std::ranges::lower_bound(all, pid, {}, &Process::pid);
  return found != all.end() && found->pid == pid ? &*found : nullptr;
}

/// Whether the snapshot leads from `process` up to `root`.
bool leads_to(const std::vector<Process>& all, const Process& process, pid_t root) noexcept {
  pid_t parent = process.parent;
  for (int depth = 0; depth < max_depth && parent > 1; ++depth) {
    if (parent == root) {
      return true;
    }
    const Process* next = find(all, parent);
    if (next == nullptr) {
      return false;
    }
    parent = next->parent;
  }
  return parent == root;
}

/// A parent that ended during the scan leaves children behind whose line is broken in the snapshot; by now they have
/// been adopted by somebody.
void mend(std::vector<Process>& all, pid_t root) noexcept {
  for (auto& process : all) {
    if (process.parent <= 1 || process.parent == root || find(all, process.parent) != nullptr) {
      continue;
    }
    if (const auto again = read_process(process.pid); again && again->start == process.start) {
      process.parent = again->parent;
    }
  }
}

/// The line of parents of `pid` up to `root` folded into one number, 0 when it does not lead there.
std::uint64_t line_to(pid_t pid, pid_t root) noexcept {
  std::uint64_t line = 1;
  for (int depth = 0; depth < max_depth && pid > 1; ++depth) {
    const auto process = read_process(pid);
    if (!process) {
      return 0;
    }
    line = (line ^ process->start ^ static_cast<std::uint64_t>(process->parent)) * 0x100000001b3U;
    if (process->parent == root) {
      return line | 1U;
    }
    pid = process->parent;
  }
  return 0;
}

}  // namespace

bool Process::is_dead() const noexcept { return state == 'X' || (state == 'Z' && threads <= 1); }

std::optional<Process> parse_process(std::string_view stat) noexcept {
  const auto name_end = stat.rfind(')');
  Process process;
  if (name_end == std::string_view::npos || !read_number(stat, process.pid)) {
    return std::nullopt;
  }
  auto rest = stat.substr(name_end + 1);
  const auto state = next_field(rest);
  if (state.size() != 1 || !read_number(next_field(rest), process.parent)) {
    return std::nullopt;
  }
  process.state = state.front();
  if (!read_number(next_field(rest), process.group)) {
    return std::nullopt;
  }
  // Counted as in proc(5): 6 to 19 lie between the group and the number of threads, 21 before the start time.
  for (int field = 6; field <= 19; ++field) {
    next_field(rest);
  }
  if (!read_number(next_field(rest), process.threads)) {
    return std::nullopt;
  }
  next_field(rest);
  return read_number(next_field(rest), process.start) ? std::optional{process} : std::nullopt;
}

std::optional<Process> read_process(pid_t pid) noexcept {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d", pid);
  return read_process_at(AT_FDCWD, path.data());
}

std::vector<Process> descendants(pid_t root, Scan scan) {
  auto all = read_all(scan == Scan::newer ? root : 0);
  mend(all, root);
  std::vector<Process> below;
  std::ranges::copy_if(all, std::back_inserter(below),
                       [&](const Process& process) { return leads_to(all, process, root); });
  return below;
}

std::vector<pid_t> groups_below(pid_t root) {
  auto all = read_all(0);
  mend(all, root);
  std::vector<pid_t> inside;
  std::vector<pid_t> elsewhere;
  for (const auto& process : all) {
    const bool is_inside = leads_to(all, process, root);
    if (!is_inside || !process.is_dead()) {
      (is_inside ? inside : elsewhere).push_back(process.group);
    }
  }
  for (auto* groups : {&inside, &elsewhere}) {
    std::ranges::sort(*groups);
    groups->erase(std::ranges::unique(*groups).begin(), groups->end());
  }
  std::vector<pid_t> below;
  std::ranges::set_difference(inside, elsewhere, std::back_inserter(below));
  return below;
}

bool is_descendant(pid_t pid, pid_t root) noexcept {
  // A parent may end, and its pid be given to another process, between two readings: only a line that reads the same
  // twice in a row existed.
  auto line = line_to(pid, root);
  for (int attempt = 0; attempt < max_attempts; ++attempt) {
    const auto again = line_to(pid, root);
    if (again == line) {
      return line != 0;
    }
    line = again;
  }
  return false;
}

}  // namespace runagents::launch
