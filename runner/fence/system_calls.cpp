#include <array>
#include <fcntl.h>
#include <memory>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "runner/fence/restrictions.hpp"

namespace runagents::fence {
namespace {

constexpr std::array refused = {
    // Mounts, which hold the view of the file system together.
    "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "open_tree_attr", "fsopen",
    "fsconfig", "fsmount", "fspick", "mount_setattr", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct",
    // Namespaces of other processes.
    "setns",
    // Other processes' memory and descriptors.
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    // Keyrings.
    "keyctl", "add_key", "request_key",
    // Files by handle, which leads past the view.
    "name_to_handle_at", "open_by_handle_at",
    // Large parts of the kernel with a history, which no agent needs; io_uring also passes this filter by.
    "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd", "fanotify_init",
    "vmsplice", "modify_ldt",
    // The machine as a whole.
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "syslog", "iopl",
    "ioperm", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup",
    "lookup_dcookie", "nfsservctl", "uselib", "_sysctl", "vm86", "vm86old"};

/// clone(2) and unshare(2) with any of these would make a namespace in which capabilities come back.
constexpr std::array<std::uint64_t, 7> namespace_flags = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                                          CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};
constexpr std::uint64_t new_time = 0x80;  ///< CLONE_NEWTIME; unshare only, in clone it is part of the signal

/// The kernel reads 32 bits of these arguments, so the filter must not look at more.
constexpr std::uint64_t low_half = 0xffffffff;
constexpr std::uint64_t type_bits = 0xf;  ///< of socket(2)'s type; the rest are flags

struct Release {
  void operator()(scmp_filter_ctx filter) const noexcept { ::seccomp_release(filter); }
};

/// A filter under construction; remembers whether every rule was taken.
class Filter {
 public:
  Filter() noexcept : filter_{::seccomp_init(SCMP_ACT_ALLOW)} {
    // System calls of other architectures have other numbers, so none of them is known here.
    sound_ =
        filter_ != nullptr && ::seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0;
    if (sound_) static_cast<void>(::seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2));
  }

  template <class... Comparison>
  void refuse(int call, int error, Comparison... comparisons) noexcept {
    if (call == __NR_SCMP_ERROR) return;
    const std::array<scmp_arg_cmp, sizeof...(comparisons) + 1> all{comparisons..., scmp_arg_cmp{}};
    sound_ = sound_ && ::seccomp_rule_add_array(filter_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call,
                                                sizeof...(comparisons), all.data()) == 0;
  }
  [[nodiscard]] bool load() const noexcept { return sound_ && ::seccomp_load(filter_.get()) == 0; }

 private:
  std::unique_ptr<void, Release> filter_;
  bool sound_ = false;
};

scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) noexcept {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}
scmp_arg_cmp compare(unsigned argument, scmp_compare how, std::uint64_t value) noexcept {
  return {.arg = argument, .op = how, .datum_a = value, .datum_b = 0};
}

void refuse_namespaces(Filter& filter) noexcept {
  for (const auto flag : namespace_flags) {
    filter.refuse(SCMP_SYS(clone), EPERM, masked(0, flag, flag));
    filter.refuse(SCMP_SYS(unshare), EPERM, masked(0, flag, flag));
  }
  filter.refuse(SCMP_SYS(unshare), EPERM, masked(0, new_time, new_time));
  // Its flags are in memory, where no filter can look; C libraries fall back to clone.
  filter.refuse(SCMP_SYS(clone3), ENOSYS);
}

/// TCP, UDP, local sockets and the routing table are left. A network namespace does not confine AF_VSOCK, and MPTCP,
/// SCTP and their like pass by what is known of TCP.
void refuse_sockets(Filter& filter) noexcept {
  const auto allowed = [](int family) {
    return family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
  };
  const int socket = SCMP_SYS(socket);
  for (int family = 0; family < AF_NETLINK; ++family) {
    if (!allowed(family)) filter.refuse(socket, EAFNOSUPPORT, compare(0, SCMP_CMP_EQ, static_cast<unsigned>(family)));
  }
  filter.refuse(socket, EAFNOSUPPORT, compare(0, SCMP_CMP_GT, AF_NETLINK));
  filter.refuse(socket, EPROTONOSUPPORT, compare(0, SCMP_CMP_EQ, AF_NETLINK), compare(2, SCMP_CMP_NE, 0));
  for (const auto family : {std::uint64_t{AF_INET}, std::uint64_t{AF_INET6}}) {
    const auto of_family = compare(0, SCMP_CMP_EQ, family);
    for (const std::uint64_t type : {std::uint64_t{SOCK_RAW}, std::uint64_t{SOCK_PACKET}}) {
      filter.refuse(socket, EPERM, of_family, masked(1, type_bits, type));
    }
    // Of those below UDP only this one and TCP make sockets that are not raw.
    filter.refuse(socket, EPROTONOSUPPORT, of_family, compare(2, SCMP_CMP_EQ, IPPROTO_ICMP));
    filter.refuse(socket, EPROTONOSUPPORT, of_family, compare(2, SCMP_CMP_GT, IPPROTO_UDP));
  }
}

/// A set-user-ID program means nothing inside, but it stays when the run is over: of an agent that root started it
/// would be root's. As systemd's RestrictSUIDSGID does it.
void refuse_set_user_id(Filter& filter) noexcept {
  const auto has_bit = [](unsigned argument) { return masked(argument, S_ISUID, S_ISUID); };
  filter.refuse(SCMP_SYS(chmod), EPERM, has_bit(1));
  filter.refuse(SCMP_SYS(fchmod), EPERM, has_bit(1));
  filter.refuse(SCMP_SYS(fchmodat), EPERM, has_bit(2));
  filter.refuse(::seccomp_syscall_resolve_name("fchmodat2"), EPERM, has_bit(2));
  filter.refuse(SCMP_SYS(creat), EPERM, has_bit(1));
  filter.refuse(SCMP_SYS(mknod), EPERM, has_bit(1));
  filter.refuse(SCMP_SYS(mknodat), EPERM, has_bit(2));
  for (const std::uint64_t makes : {std::uint64_t{O_CREAT}, std::uint64_t{O_TMPFILE & ~O_DIRECTORY}}) {
    filter.refuse(SCMP_SYS(open), EPERM, masked(1, makes, makes), has_bit(2));
    filter.refuse(SCMP_SYS(openat), EPERM, masked(2, makes, makes), has_bit(3));
  }
  // Its mode is in memory, where no filter can look; who uses it falls back to openat.
  filter.refuse(::seccomp_syscall_resolve_name("openat2"), ENOSYS);
}

}  // namespace

Outcome filter_system_calls() noexcept {
  Filter filter;
  for (const auto* name : refused) filter.refuse(::seccomp_syscall_resolve_name(name), EPERM);
  refuse_namespaces(filter);
  refuse_sockets(filter);
  refuse_set_user_id(filter);
  // Both put text into the terminal as if the person had typed it.
  filter.refuse(SCMP_SYS(ioctl), EPERM, masked(1, low_half, TIOCSTI));
  filter.refuse(SCMP_SYS(ioctl), EPERM, masked(1, low_half, TIOCLINUX));
  if (!filter.load()) return Failure{Part::restrictions, "seccomp"};
  return {};
}

}  // namespace runagents::fence
