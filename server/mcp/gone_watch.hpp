#pragma once

#include "core/http/exchange.hpp"
#include "server/mcp/upstream_pool.hpp"

namespace runagents::server {

/// While it exists, a client that goes away ends the call to the MCP server that is made for it. Of the event loop's
/// thread.
class GoneWatch {
 public:
  /// Null: nobody is watched.
  GoneWatch(http::Exchange* exchange, UpstreamCall& call) : exchange_{exchange}, call_{&call} {
    if (exchange_ == nullptr) return;
    exchange_->on_gone = [this] {
      is_gone_ = true;
      call_->close();
    };
  }
  ~GoneWatch() {
    if (exchange_ != nullptr) exchange_->on_gone = nullptr;
  }
  GoneWatch(const GoneWatch&) = delete;
  GoneWatch& operator=(const GoneWatch&) = delete;

  /// The answer comes by another call from now on, which must outlive this.
  void follow(UpstreamCall& call) {
    call_ = &call;
    if (is_gone_) call.close();
  }
  [[nodiscard]] bool is_gone() const noexcept { return is_gone_; }

 private:
  http::Exchange* exchange_;
  UpstreamCall* call_;
  bool is_gone_ = false;
};

}  // namespace runagents::server
