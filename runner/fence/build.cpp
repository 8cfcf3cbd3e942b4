#include "runner/fence/build.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "runner/fence/namespaces.hpp"
#include "runner/fence/network.hpp"
#include "runner/fence/restrictions.hpp"
#include "runner/fence/root.hpp"

namespace runagents::fence {
namespace {

/// A directory that the agent inherits would lead past its view of the file system.
void replace_directories() noexcept {
  for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) {
    struct stat facts{};
    if (::fstat(standard, &facts) != 0 || !S_ISDIR(facts.st_mode)) continue;
    ::close(standard);
    const int nothing = ::open("/dev/null", O_RDWR);
    if (nothing <= standard) continue;
    ::dup2(nothing, standard);
    ::close(nothing);
  }
}

Outcome open_and_hand_out(const Plan& plan, const HandOut& hand_out) {
  std::vector<int> sockets;
  auto failure = open_listeners(plan.listeners, sockets);
  if (!failure) {
    sockets.push_back(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (sockets.back() < 0 || !hand_out(sockets)) failure = Failure{Part::listener, "the way to the runner"};
  }
  for (const int socket : sockets) ::close(socket);
  return failure;
}

}  // namespace

Outcome build(const Plan& plan, uid_t user, gid_t group, const HandOut& hand_out) {
  replace_directories();
  if (auto failure = map_identity(user, group)) return failure;
  if (auto failure = set_up_network()) return failure;
  if (auto failure = open_and_hand_out(plan, hand_out)) return failure;
  if (auto failure = enter_private_root(plan.view)) return failure;
  return drop_capabilities();
}

Outcome restrict_process(const Plan& plan) noexcept {
  if (auto failure = leave_session_keyring()) return failure;
  if (auto failure = restrict_writing(plan.writable)) return failure;
  // Last, since it would refuse the others.
  return filter_system_calls();
}

}  // namespace runagents::fence
