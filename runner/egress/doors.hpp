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

/// The listeners through which an agent's calls come in: one for each tool (alias) and one for all (forward proxy), on
/// ports of 127.0.0.1 that the kernel chooses. They exist before the agent does; connections are taken once `open` has
/// been called. Of the engine's thread.
class Doors {
 public:
  explicit Doors(http::asio::io_context& context);
  ~Doors();
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  /// Binds a listener. Returns its authority, "127.0.0.1:PORT".
  [[nodiscard]] Result<std::string> add(Door door, const model::Tool* tool);

  /// Starts taking connections; each is traced to a process below `root`.
  void open(Engine& engine, pid_t root);
  /// Stops listening and ends every connection.
  void close();
  [[nodiscard]] bool idle() const noexcept { return connections_.empty(); }

 private:
  struct Listener;
  http::Task<void> accept(Engine& engine, Listener& listener, pid_t root);
  http::Task<void> serve(std::unique_ptr<Connection> connection);

  http::asio::io_context& context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<Connection*> connections_;
};

}  // namespace runagents::egress
