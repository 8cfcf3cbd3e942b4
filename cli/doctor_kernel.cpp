#include <cerrno>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;

/// Needed now: without it no connection can be traced to the agent, and every call is refused.
Diagnosis socket_diagnostics() {
  const int descriptor = ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (descriptor < 0) {
    return {"socket-diagnostics", State::broken, "the kernel offers no socket diagnostics (NETLINK_SOCK_DIAG)",
            "load the module inet_diag: sudo modprobe inet_diag tcp_diag"};
  }
  ::close(descriptor);
  return {"socket-diagnostics", State::fine, "connections can be traced to their process", {}};
}

Diagnosis process_tracking() {
  int is_subreaper = 0;
  const bool knows = ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper, 0, 0, 0) == 0;
  const auto descriptor = ::syscall(SYS_pidfd_open, ::getpid(), 0U);
  if (descriptor >= 0) ::close(static_cast<int>(descriptor));
  if (knows && descriptor >= 0) return {"process-tracking", State::fine, "subreaper and pidfd", {}};
  return {"process-tracking", State::broken, "the kernel lacks subreapers or pidfd_open", "use Linux 5.3 or newer"};
}

/// Tries in a child, so that this process stays in its namespaces.
bool can_unshare(int flags) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::unshare(flags) == 0 ? 0 : 1);
  int status = 1;
  if (child < 0) return false;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Diagnosis namespaces() {
  if (can_unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID)) {
    return {"namespaces", State::fine, "unprivileged user namespaces work", {}};
  }
  return {"namespaces", State::notice, "unprivileged user namespaces are not available: no fence can be built here",
          "runs with --isolation=none are not affected; see sysctl kernel.unprivileged_userns_clone and "
          "user.max_user_namespaces"};
}

Diagnosis landlock() {
  // LANDLOCK_CREATE_RULESET_VERSION is 1; the call then only tells the version (landlock_create_ruleset(2)).
  constexpr long create_ruleset = 444;
  const auto version = ::syscall(create_ruleset, nullptr, std::size_t{0}, 1U);
  if (version > 0) return {"landlock", State::fine, "version " + std::to_string(version), {}};
  return {"landlock", State::notice, "Landlock is not available", "runs with --isolation=none are not affected"};
}

Diagnosis seccomp() {
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0) return {"seccomp", State::fine, "system call filters work", {}};
  return {"seccomp", State::notice, "seccomp is not available", "runs with --isolation=none are not affected"};
}

}  // namespace

std::vector<Diagnosis> examine_kernel() {
  return {socket_diagnostics(), process_tracking(), namespaces(), landlock(), seccomp()};
}

}  // namespace runagents::cli
