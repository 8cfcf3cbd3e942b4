#include <cerrno>
#include <linux/netlink.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/doctor/doctor.hpp"
#include "runner/fence/examine.hpp"
#include "runner/fence/restrictions.hpp"

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

/// By building one: which of the kernel's many switches is off shows in no other way.
Diagnosis fence() {
  const auto failure = fence::examine();
  if (!failure) return {"fence", State::fine, "runs are fenced in by namespaces, a private root and seccomp", {}};
  const auto error = fence::describe(*failure);
  return {"fence", State::broken, error.message, error.hint};
}

Diagnosis landlock() {
  const auto version = fence::landlock_version();
  if (version > 0) return {"landlock", State::fine, "version " + std::to_string(version), {}};
  return {"landlock", State::notice, "there is no Landlock: the fence stands without its second wall",
          "Linux 5.19 or newer has it, when it is among the security modules (lsm= at boot)"};
}

}  // namespace

std::vector<Diagnosis> examine_kernel() { return {socket_diagnostics(), process_tracking(), fence(), landlock()}; }

}  // namespace runagents::cli
