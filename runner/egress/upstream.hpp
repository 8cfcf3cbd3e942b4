#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/http/body.hpp"
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

/// The pools of connections to all tools, and the only place that dials but for connectors. Of the engine's thread.
class Upstreams {
 public:
  Upstreams(http::asio::io_context& context, http::Ticker& ticker) : ticker_{ticker}, dialer_{context, ticker} {}
  ~Upstreams();

  using Acquired = std::expected<std::unique_ptr<UpstreamConnection>, Refusal>;
  /// A connection to the tool: an idle one that is still good, unless `fresh`, or a new one.
  [[nodiscard]] http::Task<Acquired> acquire(const model::Tool& tool, bool fresh);
  /// A new connection to the tool for bytes that are only passed on, without TLS of its own.
  [[nodiscard]] http::Task<Acquired> dial_bytes(const model::Tool& tool);
  /// Takes a connection back whose last response has been read to its end.
  void release(const model::Tool& tool, std::unique_ptr<UpstreamConnection> connection);

  /// Where the built-in tools listen (base URLs "builtin://...").
  void set_builtin(const http::tcp::endpoint& endpoint) { builtin_ = endpoint; }
  /// Connections to this tool are made by `connector`, which stays the caller's.
  void set_connector(const model::Tool& tool, Connector& connector) { connectors_[&tool] = &connector; }

 private:
  static constexpr std::chrono::milliseconds idle_time = std::chrono::seconds{50};

  http::Task<std::expected<http::Socket, Refusal>> connect(const model::Tool& tool);

  http::Ticker& ticker_;
  http::Dialer dialer_;
  http::tcp::endpoint builtin_;
  std::map<const model::Tool*, http::IdleConnections> pools_;
  std::map<const model::Tool*, Connector*> connectors_;
};

}  // namespace runagents::egress
