#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace runagents::http2 {

/// What a server may cost, as the other end of a connection of ours. A stream that goes beyond its part is reset, a
/// connection that does is ended.
struct ClientLimits {
  // Of one response: as of HTTP/1.1, where the lines count as they are written.
  std::size_t max_head_bytes = 64 * 1024;
  std::size_t max_fields = 256;
  std::size_t max_interim_heads = 32;  ///< that nobody has read yet

  // How much of a body may be here before it is read (RFC 9113, section 5.2). The second is what many streams that
  // nobody reads may hold together; one of them leaves the others room.
  std::uint32_t stream_window = 256 * 1024;
  std::uint32_t connection_window = 4 * 1024 * 1024;

  std::uint32_t max_streams = 256;  ///< of ours at a time, whatever more the server offers

  // Bytes that move nothing: PING, SETTINGS, PRIORITY, empty DATA, padding, WINDOW_UPDATE beyond what was sent, unknown
  // frames, and those of streams that are no more. So many at once, and so many more in a second.
  std::uint32_t idle_bytes_at_once = 512 * 1024;
  std::uint32_t idle_bytes_per_second = 128 * 1024;
  std::size_t max_settings = 32;          ///< entries of one SETTINGS frame
  std::size_t max_pending_answers = 500;  ///< to PING and SETTINGS, while the server does not read

  std::chrono::milliseconds greeting_time = std::chrono::seconds{10};  ///< until the server's first SETTINGS
  /// A server that says nothing for so long, while it has something to answer, is asked whether it is there. gRPC
  /// servers end connections that ask more than every five minutes.
  std::chrono::milliseconds silence = std::chrono::seconds{310};
  std::chrono::milliseconds doubtful_after = std::chrono::seconds{20};  ///< of rest: asked before it gets a call
  std::chrono::milliseconds ping_time = std::chrono::seconds{5};        ///< for the answer
  std::chrono::milliseconds rest = std::chrono::seconds{50};            ///< without a stream; then it is closed
};

}  // namespace runagents::http2
