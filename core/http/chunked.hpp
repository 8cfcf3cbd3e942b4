#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.hpp"

namespace runagents::http {

/// Takes a chunked body apart (RFC 9112, section 7.1), strictly: sizes of 1 to 15 hexadecimal digits, CR LF only,
/// chunk extensions read over and dropped, bounded. Does no I/O; keeps no data but an incomplete line.
class ChunkedDecoder {
 public:
  /// What one call of `next` found.
  struct Piece {
    std::size_t consumed = 0;  ///< bytes of the input that are done with
    std::string_view data;     ///< body bytes, pointing into the input; may be empty
    bool finished = false;     ///< the body, trailers included, is complete
    bool malformed = false;    ///< the body has no single reading; the decoder is unusable
  };

  /// Decodes from the front of `input`. Call again with the rest until `consumed` is the whole input, or `finished`.
  [[nodiscard]] Piece next(std::string_view input);

  /// The trailer fields, once finished; they point into this object.
  [[nodiscard]] const std::vector<Field>& trailers() const noexcept { return trailers_; }

  void reset() noexcept;

 private:
  enum class State { size, extension, size_lf, data, data_cr, data_lf, trailers, finished, malformed };

  bool size_byte(char c);
  bool control_byte(char c);
  Piece take_trailers(std::string_view input);

  State state_ = State::size;
  std::uint64_t remaining_ = 0;
  unsigned digits_ = 0;
  unsigned extension_bytes_ = 0;
  std::string trailer_bytes_;
  std::vector<Field> trailers_;
};

/// Appends the line that opens a chunk of `size` bytes: "1f4\r\n".
void append_chunk_head(std::string& out, std::size_t size);

}  // namespace runagents::http
