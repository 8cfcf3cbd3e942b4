#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/http/buffer.hpp"
#include "core/http/client_exchange.hpp"
#include "core/http/stream.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// A connection to a server that speaks HTTP/1.1, used for one call at a time.
class UpstreamConnection final : public ClientExchange {
 public:
  UpstreamConnection(Ticker& ticker, Stream connected) : ClientExchange{ticker}, stream{std::move(connected)} {}

  Stream stream;
  Buffer buffer;
  bool reused = false;  ///< taken from the pool

  /// After everything was sent and read: whether it can serve again.
  [[nodiscard]] bool can_rest();

  [[nodiscard]] Task<error_code> send_request(std::string_view body) override {
    return std::exchange(is_sending_, false) ? stream.finish_write() : stream.write(out, body);
  }
  [[nodiscard]] bool send_request_at_once(std::string_view body) override {
    is_sending_ = !stream.begin_write(out, body);
    return !is_sending_;
  }
  [[nodiscard]] Task<error_code> open_request(Framing framing) override {
    is_chunked_ = framing == Framing::chunked;
    return stream.write(out);
  }
  [[nodiscard]] Task<error_code> send_body(std::string_view data, bool last, const std::string& trailers) override;
  [[nodiscard]] Task<Head> read_head(std::string_view method) override;
  [[nodiscard]] BodyReader::Piece next_buffered() override { return body_.next_buffered(); }
  [[nodiscard]] Task<BodyReader::Piece> next() override { return body_.next(); }
  [[nodiscard]] const std::vector<Field>& trailers() const override { return body_.trailers(); }
  [[nodiscard]] UpstreamConnection* own_connection() noexcept override { return this; }
  void close() override { stream.close(); }
  [[nodiscard]] std::string_view protocol() const noexcept override { return "HTTP/1.1"; }
  [[nodiscard]] std::string ending() const override { return {}; }

 private:
  BodyReader body_{stream, buffer};
  bool is_chunked_ = false;  ///< the request's body
  bool is_sending_ = false;  ///< send_request_at_once was not done with it
  std::string before_;       ///< a piece of it on the wire
  std::string after_;
};

/// The connections to one server that rest until the next call, and the TLS session for new ones to resume. Of the
/// engine's thread.
class IdleConnections {
 public:
  static constexpr std::size_t max_idle = 256;

  /// The one that rested last, of those that are still good; null: none.
  [[nodiscard]] std::unique_ptr<UpstreamConnection> take();
  /// Takes a connection back whose last response has been read to its end. It is closed after `idle`.
  void put(std::unique_ptr<UpstreamConnection> connection, std::chrono::milliseconds idle);
  /// Keeps what a connection's TLS session offers to a later one.
  void keep_session(SSL* ssl);
  [[nodiscard]] SSL_SESSION* session() const noexcept { return session_.get(); }

 private:
  std::vector<std::unique_ptr<UpstreamConnection>> idle_;  ///< who has rested longest first
  SslSessionPointer session_;
};

}  // namespace runagents::http
