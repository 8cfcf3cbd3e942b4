// Amazon's binary event stream: the first byte chooses how it is cut. Frames do not depend on the cut, and what is
// written of one is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/llm/event_frame.hpp"

namespace {

using namespace runagents::llm;

constexpr std::size_t max_frame_bytes = 1U << 16U;

bool same(const EventFrame& left, const EventFrame& right) {
  return left.message_type == right.message_type && left.event_type == right.event_type &&
         left.error_code == right.error_code && left.error_message == right.error_message &&
         left.payload == right.payload;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 16 + 1U;
  const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
  EventFrameReader whole{max_frame_bytes};
  EventFrameReader cut{max_frame_bytes};
  std::vector<EventFrame> frames;
  std::vector<EventFrame> pieces;
  const bool is_sound = whole.feed(bytes, frames);
  bool cut_is_sound = true;
  for (std::size_t at = 0; at < bytes.size(); at += step) cut_is_sound = cut.feed(bytes.substr(at, step), pieces);
  if (is_sound != cut_is_sound || frames.size() != pieces.size()) std::abort();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!same(frames[i], pieces[i])) std::abort();
  }

  const EventFrame frame{.message_type = "event",
                         .event_type = std::string{bytes.substr(0, 100)},
                         .error_code = {},
                         .error_message = {},
                         .payload = std::string{bytes.substr(0, 1000)}};
  EventFrameReader again{max_frame_bytes};
  std::vector<EventFrame> read;
  if (!again.feed(write_frame(frame), read) || read.size() != 1 || !same(read.front(), frame)) std::abort();
  return 0;
}
