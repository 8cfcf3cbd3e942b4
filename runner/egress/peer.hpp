#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include <boost/asio/ip/tcp.hpp>

#include "core/error.hpp"

namespace runagents::egress {

/// The process at the other end of an accepted loopback connection.
struct Peer {
  pid_t pid = 0;
  std::string exe;  ///< path of its program; empty when it cannot be read
};

/// Finds the process that holds the client's end of a TCP connection, and only if it belongs to the tree below `root`
/// (socket diagnostics, NETLINK_SOCK_DIAG, give the socket's inode; /proc/PID/fd of the tree's processes gives the
/// holder). `local` and `remote` are the two addresses of the accepted socket as seen from here. `diagnostics` is a
/// NETLINK_SOCK_DIAG socket of the network namespace in which the connection is. `likely` is looked at before the rest
/// of the tree, which costs a tenth; it has to belong to the tree and hold the socket as any other. 0: nobody is
/// likelier.
///
/// An error (ErrorCode::forbidden) says that the connection comes from elsewhere, or that this could not be found out.
[[nodiscard]] Result<Peer> trace_peer(const boost::asio::ip::tcp::endpoint& local,
                                      const boost::asio::ip::tcp::endpoint& remote, pid_t root, int diagnostics,
                                      pid_t likely = 0);

/// A NETLINK_SOCK_DIAG socket of this process's network namespace; the caller's to close. -1 with errno.
[[nodiscard]] int open_socket_diagnostics() noexcept;

}  // namespace runagents::egress
