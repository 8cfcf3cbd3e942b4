#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/http/async.hpp"
#include "core/http/byte_channel.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// A connected byte stream, plain or TLS. TLS works on the descriptor itself instead of a pair of memory BIOs, which
/// saves a copy each way. Of one thread; one read and one write may be under way at the same time.
class Stream final : public ByteChannel {
 public:
  explicit Stream(Socket socket) : socket_{std::move(socket)} {}
  Stream(Socket socket, SslPointer ssl) : socket_{std::move(socket)}, ssl_{std::move(ssl)} {}

  [[nodiscard]] Task<ReadResult> read_some(std::span<char> into) override;

  /// In one system call where the kernel takes everything.
  [[nodiscard]] Task<error_code> write(std::string_view first, std::string_view second = {},
                                       std::string_view third = {}) override;
  /// Begins a write, which nearly always is the whole of it: the error with which it has ended, or none; nothing: there
  /// is more to be sent, which `finish_write` does. The parts stay valid until then.
  [[nodiscard]] std::optional<error_code> begin_write(std::string_view first, std::string_view second = {},
                                                      std::string_view third = {});
  [[nodiscard]] Task<error_code> finish_write();

  /// TLS only: completes the handshake.
  [[nodiscard]] Task<error_code> handshake();

  /// Whether an idle connection is no good any more: closed by the peer, or with bytes that nobody asked for.
  [[nodiscard]] bool is_stale();
  /// Whether the peer has closed or reset the connection; reads nothing.
  [[nodiscard]] bool peer_has_gone();
  /// Waits until there are more than `known` bytes and looks at them without taking them: as many as are there, up to
  /// `into`'s size. For plain streams.
  [[nodiscard]] Task<ReadResult> peek(std::span<char> into, std::size_t known = 0);

  /// close_notify in TLS, FIN below.
  void end_writing() override;
  void close() override;
  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }
  /// Takes the stream apart again.
  [[nodiscard]] std::pair<Socket, SslPointer> release() && { return {std::move(socket_), std::move(ssl_)}; }

 private:
  Task<ReadResult> peek_marked(std::span<char> into, std::size_t known);
  Task<ReadResult> read_tls(std::span<char> into);
  std::optional<error_code> send_rest();
  std::optional<error_code> send_rest_tls();
  Task<error_code> wait_for(int ssl_error);

  Socket socket_;
  SslPointer ssl_;
  std::array<std::string_view, 3> unsent_;
  int wanted_ = 0;            ///< TLS: what OpenSSL waits for
  std::string gathered_;      ///< TLS: a head and a small body become one record
  bool has_written_ = false;  ///< TLS: since the last read
};

}  // namespace runagents::http
