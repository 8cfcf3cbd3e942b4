#include "runner/egress/peer.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <memory>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "runner/launch/process_tree.hpp"

namespace runagents::egress {
namespace {

using launch::Process;
using launch::Scan;

/// TCP_LISTEN of the kernel's states; <netinet/tcp.h> has it, but not together with <linux/tcp.h>.
constexpr std::uint8_t state_listen = 10;

/// One end of a connection as socket diagnostics take it.
struct End {
  std::uint8_t family = AF_INET;
  std::array<__be32, 4> address{};
  __be16 port = 0;
};

/// An IPv4 address inside an IPv6 one is the IPv4 address that the other side knows.
End end_of(const boost::asio::ip::tcp::endpoint& endpoint) {
  End end;
  end.port = htons(endpoint.port());
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  if (address.is_v4()) {
    end.address[0] = htonl(address.to_v4().to_uint());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    end.family = AF_INET6;
    std::memcpy(end.address.data(), bytes.data(), bytes.size());
  }
  return end;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::unexpected<Error> unknown(std::string reason) {
  return fail(ErrorCode::forbidden, "the connection's process could not be found out: " + std::move(reason));
}

std::unexpected<Error> unknown_for(int error, std::string_view what) {
  return unknown(std::string{what} + ": " + std::generic_category().message(error));
}

struct Query {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

/// Asks for exactly the socket that is bound to `own` and connected to `other` (sock_diag(7)).
Query make_query(const End& own, const End& other) noexcept {
  Query query = {};
  query.header.nlmsg_len = sizeof query;
  query.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  query.header.nlmsg_flags = NLM_F_REQUEST;
  query.request.sdiag_family = own.family;
  query.request.sdiag_protocol = IPPROTO_TCP;
  query.request.idiag_states = UINT32_MAX;
  query.request.id.idiag_sport = own.port;
  query.request.id.idiag_dport = other.port;
  std::ranges::copy(own.address, query.request.id.idiag_src);
  std::ranges::copy(other.address, query.request.id.idiag_dst);
  std::ranges::fill(query.request.id.idiag_cookie, INET_DIAG_NOCOOKIE);
  return query;
}

/// An IPv6 socket that speaks IPv4 shows ::ffff:a.b.c.d.
bool is_address(std::uint8_t family, const __be32* words, const End& wanted) noexcept {
  if (family == wanted.family) {
    return std::equal(words, words + (family == AF_INET ? 1 : 4), wanted.address.begin());
  }
  return family == AF_INET6 && words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff) &&
         words[3] == wanted.address[0];
}

/// The lookup falls back to a listening socket on the same port when the connection's own is gone.
bool is_connection(const inet_diag_msg& socket, const End& own, const End& other) noexcept {
  return socket.idiag_state != state_listen && socket.id.idiag_sport == own.port &&
         socket.id.idiag_dport == other.port && is_address(socket.idiag_family, socket.id.idiag_src, own) &&
         is_address(socket.idiag_family, socket.id.idiag_dst, other);
}

Result<inet_diag_msg> receive_answer(int netlink) {
  alignas(nlmsghdr) std::array<char, 4096> buffer{};
  sockaddr_nl sender = {};
  socklen_t sender_size = sizeof sender;
  const ssize_t size =
      ::recvfrom(netlink, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&sender), &sender_size);
  nlmsghdr header = {};
  if (size < static_cast<ssize_t>(sizeof header) || sender.nl_pid != 0) {
    return unknown_for(size < 0 ? errno : EBADMSG, "socket diagnostics");
  }
  std::memcpy(&header, buffer.data(), sizeof header);
  const auto payload = static_cast<std::size_t>(size) - NLMSG_HDRLEN;
  if (header.nlmsg_type == NLMSG_ERROR && payload >= sizeof(nlmsgerr)) {
    nlmsgerr error = {};
    std::memcpy(&error, buffer.data() + NLMSG_HDRLEN, sizeof error);
    return error.error == -ENOENT ? Result<inet_diag_msg>{unknown("its socket is closed already")}
                                  : unknown_for(-error.error, "socket diagnostics");
  }
  inet_diag_msg socket = {};
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || payload < sizeof socket) {
    return unknown_for(EBADMSG, "socket diagnostics");
  }
  std::memcpy(&socket, buffer.data() + NLMSG_HDRLEN, sizeof socket);
  return socket;
}

Result<inet_diag_msg> find_socket(const End& own, const End& other, int netlink) {
  if (netlink < 0) {
    return unknown("there are no socket diagnostics");
  }
  // The kernel answers before send returns; the limit is there so that nothing can ever hang here.
  const timeval limit{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  const Query query = make_query(own, other);
  if (::sendto(netlink, &query, sizeof query, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0) {
    return unknown_for(errno, "socket diagnostics");
  }
  auto socket = receive_answer(netlink);
  if (socket && (!is_connection(*socket, own, other) || socket->idiag_inode == 0)) {
    return unknown("its socket is closed already");
  }
  return socket;
}

/// Whether a folder /proc/PID/fd has a link to the socket.
bool holds(const char* folder, std::string_view link) {
  const Directory directory{::opendir(folder)};
  if (!directory) {
    return false;
  }
  const int directory_fd = ::dirfd(directory.get());
  std::array<char, 64> target{};
  while (const dirent* entry = ::readdir(directory.get())) {
    const char* name = static_cast<const char*>(entry->d_name);
    const ssize_t size = ::readlinkat(directory_fd, name, target.data(), target.size());
    if (size > 0 && std::string_view{target.data(), static_cast<std::size_t>(size)} == link) {
      return true;
    }
  }
  return false;
}

enum class Look {
  process,  ///< the descriptors of the main thread, which all threads share as a rule
  threads   ///< each thread's: for one that has its own table, or has outlived the main thread
};

bool holds(pid_t pid, std::string_view link, Look look) {
  std::array<char, 64> path{};
  if (look == Look::process) {
    std::snprintf(path.data(), path.size(), "/proc/%d/fd", pid);
    return holds(path.data(), link);
  }
  std::snprintf(path.data(), path.size(), "/proc/%d/task", pid);
  const Directory tasks{::opendir(path.data())};
  while (const dirent* entry = tasks ? ::readdir(tasks.get()) : nullptr) {
    const std::string_view name = static_cast<const char*>(entry->d_name);
    pid_t thread = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), thread).ec != std::errc{}) {
      continue;
    }
    std::snprintf(path.data(), path.size(), "/proc/%d/task/%d/fd", pid, thread);
    if (holds(path.data(), link)) {
      return true;
    }
  }
  return false;
}

std::string program_of(pid_t pid) {
  std::array<char, 32> path{};
  std::array<char, PATH_MAX> program{};
  std::snprintf(path.data(), path.size(), "/proc/%d/exe", pid);
  const ssize_t size = ::readlink(path.data(), program.data(), program.size());
  return size > 0 ? std::string{program.data(), static_cast<std::size_t>(size)} : std::string{};
}

/// Whether what was seen under this pid was seen of this process, and the process belongs to the tree.
bool is_still_inside(const Process& process, pid_t root) {
  const auto now = launch::read_process(process.pid);
  return now && now->start == process.start && launch::is_descendant(process.pid, root);
}

std::optional<Peer> holder(const Process& process, pid_t root, std::string_view link, Look look) {
  if (process.is_dead() || !holds(process.pid, link, look) || !is_still_inside(process, root)) {
    return std::nullopt;
  }
  return Peer{.pid = process.pid, .exe = program_of(process.pid)};
}

/// A process of the tree that holds the socket; one whose program can be read if there are several.
std::optional<Peer> find_holder(pid_t root, std::string_view link, Scan scan, Look look) {
  std::optional<Peer> nameless;
  for (const Process& process : launch::descendants(root, scan)) {
    auto peer = holder(process, root, link, look);
    if (peer && !peer->exe.empty()) {
      return peer;
    }
    if (!nameless) {
      nameless = std::move(peer);
    }
  }
  return nameless;
}

}  // namespace

int open_socket_diagnostics() noexcept { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG); }

Result<Peer> trace_peer(const boost::asio::ip::tcp::endpoint& local, const boost::asio::ip::tcp::endpoint& remote,
                        pid_t root, int diagnostics, pid_t likely) {
  auto socket = find_socket(end_of(remote), end_of(local), diagnostics);
  if (!socket) {
    return std::unexpected(std::move(socket.error()));
  }
  // Inside the tree nobody can change to another user, unless the run was started by root.
  if (const uid_t self = ::geteuid(); self != 0 && socket->idiag_uid != self) {
    return fail(ErrorCode::forbidden, "the connection belongs to another user of this machine");
  }
  std::array<char, 32> link{};
  std::snprintf(link.data(), link.size(), "socket:[%u]", socket->idiag_inode);
  if (const auto process = launch::read_process(likely)) {
    auto peer = holder(*process, root, link.data(), Look::process);
    if (peer && !peer->exe.empty()) {
      return std::move(*peer);
    }
  }
  for (const auto& [scan, look] : {std::pair{Scan::newer, Look::process}, {Scan::complete, Look::threads}}) {
    if (auto peer = find_holder(root, link.data(), scan, look)) {
      return std::move(*peer);
    }
  }
  return fail(ErrorCode::forbidden, "the connection comes from a process that does not belong to this run");
}

}  // namespace runagents::egress
