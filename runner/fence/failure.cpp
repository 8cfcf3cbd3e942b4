#include "runner/fence/failure.hpp"

#include <fstream>
#include <string>
#include <system_error>

namespace runagents::fence {
namespace {

constexpr std::string_view without_it =
    "; --isolation=none runs the agent without a fence, which it can then walk around";

long setting(const char* file) {
  long value = -1;
  std::ifstream{file} >> value;
  return value;
}

/// What stands in the way of namespaces on this machine.
std::string remedy_for_namespaces(int error) {
  if (setting("/proc/sys/kernel/unprivileged_userns_clone") == 0) {
    return "sudo sysctl kernel.unprivileged_userns_clone=1";
  }
  if (setting("/proc/sys/user/max_user_namespaces") == 0) return "sudo sysctl user.max_user_namespaces=10000";
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1) {
    return "AppArmor restricts user namespaces: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or give "
           "runagents an AppArmor profile with \"userns,\"";
  }
  if (error == EAGAIN) return "the limit on processes is reached: raise it (ulimit -u)";
  if (error == ENOSPC || error == EUSERS) {
    return "the limit on namespaces is reached: raise user.max_user_namespaces and its like (sysctl), or leave the "
           "namespaces that this runs in";
  }
  if (error == EINVAL || error == ENOSYS) {
    return "the kernel is built without user, network, mount, PID or IPC namespaces: use one that has them";
  }
  return "a container, a chroot or another sandbox around this does not allow it: let it (docker run --security-opt "
         "seccomp=unconfined --security-opt systempaths=unconfined), or run outside of it";
}

}  // namespace

Error describe(const Failure& failure) {
  const std::string reason = std::generic_category().message(failure.error);
  const std::string where{failure.where.data()};
  const auto error = [&](const std::string& what, std::string remedy) {
    remedy += without_it;
    return Error{ErrorCode::configuration, "the fence cannot be built: " + what, std::move(remedy)};
  };
  if (failure.error == EMFILE || failure.error == ENFILE) {
    return error(where + " (" + reason + ")", "raise the limit on descriptors (ulimit -n)");
  }
  switch (failure.part) {
    case Part::namespaces:
    case Part::identity:
      return error("this user gets no namespaces (" + where + ": " + reason + ")",
                   remedy_for_namespaces(failure.error));
    case Part::network:
      return error("its network cannot be set up (" + where + ": " + reason + ")",
                   remedy_for_namespaces(failure.error));
    case Part::listener:
      return error("no listener on " + where + " (" + reason + ")", "look at the limit on descriptors (ulimit -n)");
    case Part::view:
      if (where == "/proc") {
        return error("no /proc of its own can be mounted (" + reason + ")", remedy_for_namespaces(failure.error));
      }
      return error("its view of the file system fails at " + where + " (" + reason + ")",
                   failure.error == ENOSYS || failure.error == EINVAL ? "Linux 5.12 or newer is needed"
                                                                      : "is it named by --mask or --expose?");
    case Part::restrictions:
      break;
  }
  return error("the agent's process cannot be restricted (" + where + ": " + reason + ")",
               "seccomp filters are needed; see runagents doctor");
}

}  // namespace runagents::fence
