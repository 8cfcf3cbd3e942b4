#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/http/async.hpp"

namespace runagents::ingress {

/// Unconnected TCP sockets of the agent's network: what is connected with them arrives inside the fence. They are made
/// by the fence's first process, so some are kept at hand. Of the engine's thread.
class InnerSockets {
 public:
  /// `order` asks for so many more, which will come through `add`.
  InnerSockets(http::asio::io_context& context, std::function<void(int count)> order);
  ~InnerSockets();
  InnerSockets(const InnerSockets&) = delete;
  InnerSockets& operator=(const InnerSockets&) = delete;

  /// Takes descriptors over.
  void add(const std::vector<int>& sockets);
  /// One of them, the caller's; negative: none came in time.
  [[nodiscard]] http::Task<int> take();

 private:
  void order_more();

  std::function<void(int)> order_;
  std::vector<int> sockets_;
  int ordered_ = 0;
  http::Timer news_;  ///< cancelled whenever there are new ones
};

}  // namespace runagents::ingress
