#pragma once

#include <expected>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "core/http/body.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"
#include "core/http/tls_client.hpp"
#include "core/model/tool.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// A connection to a tool, used for one call at a time.
class UpstreamConnection final : public http::Ticking {
 public:
  UpstreamConnection(http::Ticker& ticker, http::Stream connected) : Ticking{ticker}, stream{std::move(connected)} {}

  http::Stream stream;
  http::Buffer buffer;
  http::ResponseHead response;
  std::string out;         ///< the request's head, as it is sent
  std::string fields;      ///< the response's header or trailer fields, as they are sent
  bool reused = false;     ///< taken from the pool
  bool timed_out = false;  ///< the deadline passed, and closed it

  /// Ends whatever is under way.
  void close() { stream.close(); }

 private:
  void expired() override {
    timed_out = true;
    close();
  }
};

/// How long things may take on the way to a tool.
struct UpstreamTimes {
  std::chrono::milliseconds connect{std::chrono::seconds{10}};
  std::chrono::milliseconds idle{std::chrono::seconds{50}};
};

/// How a tool is connected to that has no address here: the agent, as the tool of the ingress.
class Connector {
 public:
  Connector() = default;
  virtual ~Connector() = default;
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  [[nodiscard]] virtual http::Task<std::expected<http::Socket, Refusal>> connect() = 0;
};

/// The pools of connections to all tools, and the only place that dials but for connectors. A name is resolved once per
/// connection, every address is checked, and exactly a checked address is dialled. Of the engine's thread.
class Upstreams {
 public:
  static constexpr std::size_t max_idle_per_tool = 64;

  Upstreams(http::asio::io_context& context, http::Ticker& ticker) : context_{context}, ticker_{ticker} {}
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
  struct Pool {
    std::vector<std::unique_ptr<UpstreamConnection>> idle;
    http::SslSessionPointer session;
  };
  using Addresses = std::vector<http::tcp::endpoint>;

  http::Task<std::expected<http::Socket, Refusal>> connect(const model::Tool& tool);
  http::Task<std::expected<Addresses, Refusal>> resolve(const model::Tool& tool);
  http::Task<std::expected<http::Socket, Refusal>> dial(const model::Tool& tool, const Addresses& addresses);
  http::Task<std::expected<http::SslPointer, Refusal>> start_tls(const model::Tool& tool, http::Socket& socket);
  Result<http::TlsClient*> tls_for(const model::Tool& tool);

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  UpstreamTimes times_;
  http::tcp::endpoint builtin_;
  std::map<const model::Tool*, Pool> pools_;
  std::map<const model::Tool*, Connector*> connectors_;
  std::map<std::string, http::TlsClient> tls_;  ///< by CA file; made when first needed
};

}  // namespace runagents::egress
