#include "runner/fence/examine.hpp"

#include <array>
#include <cerrno>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner/fence/build.hpp"
#include "runner/fence/namespaces.hpp"

namespace runagents::fence {
namespace {

Outcome build_everything(uid_t user, gid_t group) {
  const Plan nothing;
  if (auto failure = build(nothing, user, group, [](std::span<const int>) { return true; })) return failure;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failure{Part::restrictions, "no_new_privs"};
  return restrict_process(nothing);
}

}  // namespace

Outcome examine() {
  std::array<int, 2> report{-1, -1};
  if (::pipe(report.data()) != 0) return Failure{Part::namespaces, "pipe"};
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  const pid_t child = fork_into_namespaces();
  if (child == 0) {
    ::close(report[0]);
    const auto failure = build_everything(user, group);
    if (failure) static_cast<void>(::write(report[1], &*failure, sizeof *failure));
    ::_exit(0);
  }
  const Failure refused{Part::namespaces, "clone"};
  ::close(report[1]);
  Failure failure;
  const bool told = child > 0 && ::read(report[0], &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure);
  ::close(report[0]);
  if (child < 0) return refused;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (told) return failure;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? Outcome{} : Outcome{Failure{Part::namespaces, "trial", EIO}};
}

}  // namespace runagents::fence
