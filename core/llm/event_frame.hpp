#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::llm {

/// One message of Amazon's binary event stream (application/vnd.amazon.eventstream), of its headers those that are
/// texts and say what it is.
struct EventFrame {
  std::string message_type;   ///< `:message-type`: "event", "exception" or "error"
  std::string event_type;     ///< `:event-type`, or `:exception-type` of an exception
  std::string error_code;     ///< of an error
  std::string error_message;  ///< of an error
  std::string payload;
};

/// Reads such a stream, in pieces of any size. A frame is its length, the length of its headers, a CRC-32 of these, the
/// headers, the payload, and a CRC-32 of all before it; numbers have their highest byte first
/// (smithy.io/2.0/aws/amazon-eventstream.html). Does no I/O; of one thread.
class EventFrameReader {
 public:
  explicit EventFrameReader(std::size_t max_frame_bytes) : max_frame_bytes_{max_frame_bytes} {}

  /// Takes bytes and adds the frames that they complete. False: the stream is broken, or a frame is too large; nothing
  /// more is read then.
  [[nodiscard]] bool feed(std::string_view bytes, std::vector<EventFrame>& frames);

  /// Bytes of a frame that is not complete.
  [[nodiscard]] bool is_in_frame() const noexcept { return !buffer_.empty(); }

 private:
  std::size_t max_frame_bytes_;
  std::string buffer_;
  bool is_broken_ = false;
};

/// A frame of events on the wire, for what speaks as a provider.
[[nodiscard]] std::string write_frame(const EventFrame& frame);

}  // namespace runagents::llm
