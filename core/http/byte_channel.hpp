#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/http/async.hpp"

namespace runagents::http {

/// Bytes in both directions, in order: a whole connection, or one stream of a connection that carries several. Of one
/// thread; one read and one write may be under way at the same time.
class ByteChannel {
 public:
  struct ReadResult {
    error_code error;      ///< asio::error::eof when the peer has ended its direction in an orderly way
    std::size_t size = 0;  ///< more than 0 without error
  };

  ByteChannel() = default;
  virtual ~ByteChannel() = default;
  ByteChannel(const ByteChannel&) = delete;
  ByteChannel& operator=(const ByteChannel&) = delete;
  ByteChannel(ByteChannel&&) = default;
  ByteChannel& operator=(ByteChannel&&) = default;

  [[nodiscard]] virtual Task<ReadResult> read_some(std::span<char> into) = 0;
  /// Writes everything, one part after the other.
  [[nodiscard]] virtual Task<error_code> write(std::string_view first, std::string_view second = {},
                                               std::string_view third = {}) = 0;
  /// Says that nothing more will be written.
  virtual void end_writing() = 0;
  /// Ends pending operations with operation_aborted.
  virtual void close() = 0;
};

}  // namespace runagents::http
