#pragma once

#include <cstddef>
#include <cstdint>

namespace runagents::http2 {

/// How much of something a peer may do: `burst` at once, and `per_second` more with time.
struct Rate {
  double burst;
  double per_second;
};

/// Ceilings on what the other end of an HTTP/2 connection may make this end do or keep (RFC 9113, section 10.5). Beyond
/// one of the first group a stream is refused or slowed down; beyond one of the second the connection ends with
/// ENHANCE_YOUR_CALM.
struct ServerLimits {
  std::uint32_t max_concurrent_streams = 128;
  std::uint32_t stream_window_bytes = 128 * 1024;       ///< of a request's body, not read yet
  std::uint32_t connection_window_bytes = 1024 * 1024;  ///< on their way at the same time
  std::uint32_t header_table_bytes = 4096;              ///< HPACK's dynamic table
  std::size_t max_header_list_bytes = 32 * 1024;
  std::size_t max_header_fields = 128;
  std::size_t max_unsent_bytes = 64 * 1024;  ///< of a response, before its sender waits

  std::size_t max_header_block_bytes = 128 * 1024;  ///< after decompression, also of a request that is refused anyway
  std::uint32_t max_continuations = 8;              ///< CONTINUATION frames of one header section
  /// Streams that the peer resets, or makes this end reset. At 1000 nghttp2 would end the connection by itself, as if
  /// this end had failed.
  Rate resets{.burst = 800, .per_second = 33};
  /// Frames that ask for work and bring nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, and of types that
  /// are not known. Requests and sent data allow for more of them.
  Rate idle_frames{.burst = 1000, .per_second = 100};
  double idle_frames_per_request = 10;
  double idle_frames_per_sent_frame = 5;
  /// Bytes of frames that are thrown away without a look: of streams that are over, of types that are not known. A
  /// request allows for a window more of them, which its client may have sent before it read the answer.
  Rate ignored_bytes{.burst = 256 * 1024, .per_second = 64 * 1024};
  std::size_t max_queued_answers = 100;  ///< answers to PING and SETTINGS that the peer does not take
};

}  // namespace runagents::http2
