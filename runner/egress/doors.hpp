#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/error.hpp"
#include "core/http/async.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/connection.hpp"
#include "runner/egress/engine.hpp"

namespace runagents::egress {

/// How an accepted connection is found to be the agent's.
struct Inside {
  pid_t root = 0;          ///< the agent is below this process
  int diagnostics = -1;    ///< NETLINK_SOCK_DIAG where the connections are; the caller's
  bool is_fenced = false;  ///< nobody else can reach the listeners, so a connection is the agent's in any case
};

/// The listeners through which an agent's calls come in: one for each tool (alias), one for all (forward proxy), and
/// inside a fence those that stand for the servers themselves (transparent). Connections are taken once `open` has been
/// called; what came before waits. Of the engine's thread.
class Doors {
 public:
  explicit Doors(http::asio::io_context& context);
  ~Doors();
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  /// Binds a listener on a port of 127.0.0.1 that the kernel chooses. Returns its authority, "127.0.0.1:PORT".
  [[nodiscard]] Result<std::string> listen(Door door, const model::Tool* tool);
  /// Binds a listener for the ingress where the user wants it; port 0: one that the kernel chooses. Returns its
  /// authority.
  [[nodiscard]] Result<std::string> listen_for_clients(const http::tcp::endpoint& endpoint);
  /// Takes a listening socket over that was opened inside a fence. `authority` is how the agent knows it; without
  /// meaning for the transparent door.
  void adopt(int descriptor, Door door, const model::Tool* tool, std::string authority);

  /// Starts taking connections.
  void open(Engine& engine, const Inside& inside);
  /// Stops listening and ends every connection.
  void close();
  [[nodiscard]] bool idle() const noexcept { return connections_.empty(); }

 private:
  struct Listener;
  Result<std::string> bind(Door door, const model::Tool* tool, const http::tcp::endpoint& endpoint);
  http::Task<void> accept(Engine& engine, Listener& listener, Inside inside);
  http::Task<void> serve(std::unique_ptr<Connection> connection);

  http::asio::io_context& context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<Connection*> connections_;
  pid_t last_peer_ = 0;  ///< whose the newest traced connection is; 0: none was traced yet
};

}  // namespace runagents::egress
