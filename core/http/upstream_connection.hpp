#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/http/buffer.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// A connection to a server, used for one call at a time.
class UpstreamConnection final : public Ticking {
 public:
  UpstreamConnection(Ticker& ticker, Stream connected) : Ticking{ticker}, stream{std::move(connected)} {}

  Stream stream;
  Buffer buffer;
  ResponseHead response;
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

/// The connections to one server that rest until the next call, and the TLS session for new ones to resume. Of the
/// engine's thread.
class IdleConnections {
 public:
  static constexpr std::size_t max_idle = 64;

  /// The one that rested last, of those that are still good; null: none.
  [[nodiscard]] std::unique_ptr<UpstreamConnection> take();
  /// Takes a connection back whose last response has been read to its end. It is closed after `idle`.
  void put(std::unique_ptr<UpstreamConnection> connection, std::chrono::milliseconds idle);
  [[nodiscard]] SSL_SESSION* session() const noexcept { return session_.get(); }

 private:
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;
  SslSessionPointer session_;
};

}  // namespace runagents::http
