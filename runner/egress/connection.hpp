#pragma once

#include <string>
#include <string_view>

#include "core/http/server_connection.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/egress/http2_connection.hpp"

namespace runagents::egress {

/// An agent's connection, plain or in TLS that ends here. Every request is judged by itself. One that turns out to
/// speak HTTP/2, by its first bytes or by ALPN, is served as an Http2Connection from there on.
class Connection final : public http::ServerConnection {
 public:
  Connection(Engine& engine, http::Stream stream, Arrival arrival);

  /// Ends the connection from outside.
  void close();

  [[nodiscard]] http::Task<bool> open_tunnel() override;
  [[nodiscard]] http::Task<bool> send_head(const ResponseStart& start, std::string_view body, bool last) override;

 protected:
  /// At the beginning of a connection to a destination.
  [[nodiscard]] bool is_unknown() const override { return arrival_.destination && !looked_inside_; }
  /// Finds out what the agent speaks, and ends its TLS.
  [[nodiscard]] http::Task<bool> find_out() override;
  [[nodiscard]] http::Task<void> handle() override;
  [[nodiscard]] http::Task<void> refuse_head(http::HeadError error) override;

 private:
  http::Task<bool> send_nothing();
  http::Task<bool> accept_tls();
  http::Task<bool> serves_bytes();
  http::Task<void> serve_bytes();
  http::Task<void> serve_http2(std::string_view received);
  /// The agent speaks no HTTP: nothing can be said to it.
  [[nodiscard]] bool passes_bytes() const noexcept { return arrival_.destination && arrival_.destination->bytes_only; }

  Engine& engine_;
  Arrival arrival_;
  Call call_;
  std::string authority_;                   ///< of a connection that is passed on as bytes
  std::unique_ptr<Http2Connection> http2_;  ///< null: the agent speaks HTTP/1.1
  bool looked_inside_ = false;
  bool has_spoken_ = false;  ///< a request of HTTP/1.1 came on this connection, or in this tunnel
};

}  // namespace runagents::egress
