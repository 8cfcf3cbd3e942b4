#pragma once

#include <memory>

#include "core/error.hpp"
#include "core/http/async.hpp"

namespace runagents::builtin {

/// What stands behind base URLs of the scheme "builtin", as an HTTP/1.1 server on a loopback port of its own, so that
/// calls to it are calls like any other: `builtin://echo`, the demo tool, and `builtin://playground`, the demo model.
/// Of the engine's thread.
class Server {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(http::asio::io_context& context);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] http::tcp::endpoint endpoint() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runagents::builtin
