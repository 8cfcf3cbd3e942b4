#include "runner/fence/namespaces.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sched.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace runagents::fence {
namespace {

Outcome write_file(const char* path, std::string_view text) noexcept {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  const bool written = file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const Failure failure{Part::identity, path};
  if (file >= 0) ::close(file);
  return written ? Outcome{} : failure;
}

Outcome map_one(const char* path, unsigned number) noexcept {
  std::array<char, 64> line{};
  const int size = std::snprintf(line.data(), line.size(), "%u %u 1\n", number, number);
  return write_file(path, {line.data(), static_cast<std::size_t>(size)});
}

Outcome map_all(uid_t user, gid_t group) noexcept {
  // Without this an ordinary user may not map a group: dropping one could open files that deny it.
  if (auto failure = write_file("/proc/self/setgroups", "deny")) return failure;
  if (auto failure = map_one("/proc/self/uid_map", user)) return failure;
  if (auto failure = map_one("/proc/self/gid_map", group)) return failure;
  // Anybody inside could write this one, once; where the namespace around this has none, nobody can.
  static_cast<void>(map_one("/proc/self/projid_map", 0));
  return {};
}

}  // namespace

pid_t fork_into_namespaces() noexcept {
  constexpr unsigned long flags =
      CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | static_cast<unsigned long>(SIGCHLD);
  return static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr));
}

Outcome map_identity(uid_t user, gid_t group) noexcept {
  // Only a dumpable process owns its files in /proc; nothing that could look into it exists yet.
  ::prctl(PR_SET_DUMPABLE, 1);
  auto outcome = map_all(user, group);
  ::prctl(PR_SET_DUMPABLE, 0);
  return outcome;
}

}  // namespace runagents::fence
