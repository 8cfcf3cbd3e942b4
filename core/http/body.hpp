#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/http/async.hpp"
#include "core/http/buffer.hpp"
#include "core/http/chunked.hpp"
#include "core/http/head.hpp"
#include "core/http/stream.hpp"

namespace runagents::http {

/// Reads one message body from a stream, piece by piece as it arrives, whatever its framing. Does not read ahead of
/// what it is asked for, so back-pressure reaches the sender. Stream and buffer belong to the caller.
class BodyReader {
 public:
  enum class Status { more, last, malformed, cut, failed };
  struct Piece {
    Status status = Status::more;  ///< last: `data` is the end of the body
    std::string_view data;         ///< valid until the next call
    error_code error;              ///< with `failed` and `cut`
  };

  BodyReader(Stream& stream, Buffer& buffer) noexcept : stream_{stream}, buffer_{buffer} {}

  /// Starts on a new message whose head has been consumed from the buffer.
  void begin(Framing framing, std::uint64_t content_length);

  /// The next piece. After `last` or an error do not call again.
  [[nodiscard]] Task<Piece> next();

  /// The same from what the buffer already holds; `more` with no data means that the stream has to be read.
  [[nodiscard]] Piece next_buffered();

  /// Lets go of the last piece: its bytes leave the buffer.
  void done() noexcept;

  [[nodiscard]] bool finished() const noexcept { return finished_; }
  /// Whether everything that is missing stands in the buffer already.
  [[nodiscard]] bool is_buffered() const noexcept;
  /// Of a body whose length is known: bytes that have not come into the buffer yet.
  [[nodiscard]] std::uint64_t missing() const noexcept;
  [[nodiscard]] Framing framing() const noexcept { return framing_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }  ///< Framing::length
  [[nodiscard]] const std::vector<Field>& trailers() const noexcept { return decoder_.trailers(); }
  /// Whether a read is under way.
  [[nodiscard]] bool reading() const noexcept { return reading_; }

 private:
  Piece take_length();
  Piece take_chunks();
  void reserve();

  Stream& stream_;
  Buffer& buffer_;
  ChunkedDecoder decoder_;
  Framing framing_ = Framing::none;
  std::uint64_t remaining_ = 0;
  std::size_t pending_consume_ = 0;  ///< bytes of the buffer that the last piece points to
  bool finished_ = true;
  bool reading_ = false;
  bool read_full_ = false;  ///< the last read filled all the room it had
};

}  // namespace runagents::http
