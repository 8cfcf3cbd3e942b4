#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/http/server_connection.hpp"
#include "core/http/stream.hpp"
#include "core/http/ticker.hpp"
#include "core/http2/allowance.hpp"
#include "core/http2/native.hpp"
#include "core/http2/server_limits.hpp"
#include "core/http2/server_stream.hpp"
#include "core/http2/signal.hpp"

namespace runagents::http2 {

/// What every connection of HTTP/2 begins with (RFC 9113, section 3.4).
inline constexpr std::string_view client_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A client's connection that speaks HTTP/2 (RFC 9113), plain or in TLS. Each request is answered by a coroutine of its
/// own; what they all have to say in one turn of the event loop leaves in one write. Of the event loop's thread.
class ServerSession : protected http::Ticking {
 public:
  /// `stream` stays the caller's, and open as long as the session. `scheme`: that of the connection; empty: whatever
  /// requests say.
  ServerSession(http::asio::io_context& context, http::Ticker& ticker, http::Stream& stream, TargetForm form,
                std::string scheme, const http::ConnectionTimes& times = {}, const ServerLimits& limits = {});
  ~ServerSession() override;

  /// Serves until the connection has ended and every request has been answered or given up. `received`: what was read
  /// of it already.
  [[nodiscard]] http::Task<void> serve(std::string_view received);
  /// Ends the connection from outside.
  void close();

 protected:
  /// A stream of the session.
  [[nodiscard]] virtual std::unique_ptr<ServerStream> make_stream(std::int32_t id);
  /// Answers a request.
  [[nodiscard]] virtual http::Task<void> handle(ServerStream& stream) = 0;
  /// Answers a request that has no readable head.
  [[nodiscard]] virtual http::Task<void> refuse_head(ServerStream& stream, http::HeadError error) = 0;

  [[nodiscard]] http::asio::io_context& context() noexcept { return context_; }

 private:
  friend class ServerStream;
  friend class ServerCallbacks;

  http::Task<void> read_loop(std::string_view received);
  http::Task<void> write_loop();
  http::Task<void> answer(ServerStream& stream);
  http::Task<void> respond(ServerStream& stream);
  bool take_in(std::string_view bytes);
  void start_streams();
  void count_ignored(std::size_t received);
  /// Whether the client is in the middle of a header section.
  [[nodiscard]] bool in_header_section() const noexcept;
  void tell_left();
  /// Something is to be written, in this turn of the event loop.
  void flush() { to_write_.raise(); }
  /// The peer asks for too much: nothing more is taken from it.
  void refuse_peer(std::uint32_t error_code);
  void expired() override;
  void tick() override;

  http::asio::io_context& context_;
  http::Ticker& ticker_;
  http::Stream& stream_;
  TargetForm form_;
  std::string scheme_;
  http::ConnectionTimes times_;
  ServerLimits limits_;
  NativeSession session_;
  std::unordered_map<std::int32_t, std::unique_ptr<ServerStream>> streams_;
  std::vector<std::int32_t> begun_;  ///< their heads are complete, and nobody answers them yet
  std::vector<std::int32_t> left_;   ///< their clients are gone, and they do not know yet
  std::string out_;
  Signal to_write_;
  Signal ended_;
  Allowance resets_;
  Allowance idle_frames_;
  Allowance ignored_bytes_;
  /// Received, and not of a frame that was shown to this session; below 0: what is missing of the one at hand.
  std::int64_t unexplained_bytes_ = -static_cast<std::int64_t>(client_preface.size());
  std::uint32_t continuations_ = 0;
  std::size_t block_bytes_ = 0;   ///< of the header section at hand
  bool is_head_frame_ = false;    ///< the frame that began last is of a header section
  bool is_section_open_ = false;  ///< and it is not the last one of it
  int quiet_ticks_ = 0;           ///< without a request, or in the middle of a header section
  std::size_t active_ = 0;        ///< coroutines
  bool lingers_ = false;          ///< nothing more is said, and what still comes is thrown away
  bool closed_ = false;
};

}  // namespace runagents::http2
