#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/http/body.hpp"
#include "core/http/client_exchange.hpp"
#include "core/http/dialer.hpp"
#include "core/http/upstream_connection.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

using http::UpstreamConnection;

/// How a tool is connected to that has no address here: the agent, as the tool of the ingress.
class Connector {
 public:
  Connector() = default;
  virtual ~Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  [[nodiscard]] virtual http::Task<std::expected<http::Socket, Refusal>> connect() = 0;
};

/// What a call asks of its connection, and how it stops waiting for one.
class Wish {
 public:
  bool fresh = false;        ///< no connection of HTTP/1.1 that has served before
  bool needs_http1 = false;  ///< an upgrade
  bool needs_http2 = false;  ///< trailers that mean something, and both directions at a time

  /// Nobody wants it any more.
  void cancel() {
    cancelled_ = true;
    if (timer_ != nullptr) timer_->cancel();
  }
  [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_; }

 private:
  friend class Upstreams;
  http::Timer* timer_ = nullptr;
  bool cancelled_ = false;
};

/// The pools of connections to all tools, and the only place that dials but for connectors. Of the engine's thread.
class Upstreams {
 public:
  Upstreams(http::asio::io_context& context, http::Ticker& ticker);
  ~Upstreams();

  using Acquired = std::expected<std::unique_ptr<http::ClientExchange>, Refusal>;
  /// A connection to the tool, or a stream of one that is shared: of those that are there and still good, or of a new
  /// one. Where there may be no more connections, waits for a stream, at most for the tool's timeout.
  [[nodiscard]] http::Task<Acquired> acquire(const model::Tool& tool, Wish& wish);
  /// A new connection to the tool for bytes that are only passed on, without TLS of its own.
  [[nodiscard]] http::Task<std::expected<std::unique_ptr<UpstreamConnection>, Refusal>> dial_bytes(
      const model::Tool& tool);
  /// Takes back what is done; a connection that can rest does.
  void release(const model::Tool& tool, std::unique_ptr<http::ClientExchange> exchange);
  /// Ends all connections that are shared.
  void close();

  /// Where the built-in tools listen (base URLs "builtin://...").
  void set_builtin(const http::tcp::endpoint& endpoint) { builtin_ = endpoint; }
  /// Connections to this tool are made by `connector`, which stays the caller's.
  void set_connector(const model::Tool& tool, Connector& connector) { connectors_[&tool] = &connector; }

 private:
  static constexpr std::chrono::milliseconds idle_time = std::chrono::seconds{50};
  struct Pool;

  Pool& pool_of(const model::Tool& tool);
  http::Task<std::expected<http::Socket, Refusal>> connect(const model::Tool& tool);
  http::Task<std::expected<http::Stream, Refusal>> dial(const model::Tool& tool, Pool& pool, http::Offer offer);
  http::Task<Acquired> acquire_by_choice(const model::Tool& tool, Wish& wish, Pool& pool, http::Offer offer);
  http::Task<Acquired> dial_by_choice(const model::Tool& tool, Wish& wish, Pool& pool, http::Offer offer);
  http::Task<bool> wait(const model::Tool& tool, Wish& wish, Pool& pool);
  std::unique_ptr<http::ClientExchange> open_session(Pool& pool, http::Stream stream);

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  http::Dialer dialer_;
  http::tcp::endpoint builtin_;
  std::map<const model::Tool*, std::unique_ptr<Pool>> pools_;
  std::map<const model::Tool*, Connector*> connectors_;
};

}  // namespace runagents::egress
