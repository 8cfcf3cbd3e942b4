#include "core/llm/event_frame.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include <boost/crc.hpp>

namespace runagents::llm {
namespace {

constexpr std::size_t prelude_size = 12;
constexpr std::size_t crc_size = 4;
constexpr std::size_t least_frame = prelude_size + crc_size;

std::uint32_t crc(std::string_view bytes) {
  boost::crc_32_type sum;
  sum.process_bytes(bytes.data(), bytes.size());
  return sum.checksum();
}

/// A number of `size` bytes, its highest first; `bytes` has as many.
std::uint32_t number(std::string_view bytes, std::size_t size) {
  std::uint32_t value = 0;
  for (const char c : bytes.substr(0, size)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

/// Takes bytes off the front; nothing when there are not as many.
std::optional<std::string_view> take(std::string_view& bytes, std::size_t size) {
  if (bytes.size() < size) return std::nullopt;
  const auto taken = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return taken;
}

std::optional<std::string_view> take_sized(std::string_view& bytes, std::size_t size_bytes) {
  const auto size = take(bytes, size_bytes);
  return size ? take(bytes, number(*size, size_bytes)) : std::nullopt;
}

/// The value of a header, by the kind of it.
std::optional<std::string_view> take_value(std::string_view& bytes, unsigned char kind) {
  switch (kind) {
    case 0:
    case 1:
      return std::string_view{};  // true, false
    case 2:
      return take(bytes, 1);
    case 3:
      return take(bytes, 2);
    case 4:
      return take(bytes, 4);
    case 5:
    case 8:
      return take(bytes, 8);
    case 6:
    case 7:
      return take_sized(bytes, 2);  // bytes, text
    case 9:
      return take(bytes, 16);
    default:
      return std::nullopt;
  }
}

bool read_headers(std::string_view bytes, EventFrame& frame) {
  while (!bytes.empty()) {
    const auto name = take_sized(bytes, 1);
    const auto kind = name ? take(bytes, 1) : std::nullopt;
    const auto value = kind ? take_value(bytes, static_cast<unsigned char>(kind->front())) : std::nullopt;
    if (!value) return false;
    if (*name == ":message-type") frame.message_type = *value;
    if (*name == ":event-type" || *name == ":exception-type") frame.event_type = *value;
    if (*name == ":error-code") frame.error_code = *value;
    if (*name == ":error-message") frame.error_message = *value;
  }
  return true;
}

void append_number(std::string& out, std::size_t value, std::size_t size) {
  for (auto shift = 8 * size; shift > 0; shift -= 8) out += static_cast<char>(value >> (shift - 8) & 0xffU);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr char text_kind = 7;
  append_number(out, name.size(), 1);
  out.append(name).push_back(text_kind);
  append_number(out, value.size(), 2);
  out.append(value);
}

}  // namespace

bool EventFrameReader::feed(std::string_view bytes, std::vector<EventFrame>& frames) {
  while (!is_broken_) {
    // The prelude says how much to keep, and is checked before it is believed.
    const auto wanted = buffer_.size() < prelude_size ? prelude_size : number(buffer_, 4);
    const auto missing = wanted - buffer_.size();
    buffer_.append(bytes.substr(0, missing));
    bytes.remove_prefix(std::min(missing, bytes.size()));
    if (buffer_.size() < wanted) return true;
    const std::string_view frame = buffer_;
    const auto size = number(frame, 4);
    const auto headers_size = number(frame.substr(4), 4);
    if (frame.size() == prelude_size) {
      is_broken_ = number(frame.substr(8), 4) != crc(frame.substr(0, 8)) || size < least_frame ||
                   size > max_frame_bytes_ || headers_size > size - least_frame;
      continue;
    }
    const auto body = frame.substr(0, size - crc_size);
    auto& read = frames.emplace_back();
    const auto headers = body.substr(prelude_size, headers_size);
    if (number(frame.substr(body.size()), crc_size) != crc(body) || !read_headers(headers, read)) {
      frames.pop_back();
      is_broken_ = true;
      break;
    }
    read.payload = body.substr(prelude_size + headers_size);
    buffer_.clear();
  }
  return !is_broken_;
}

std::string write_frame(const EventFrame& frame) {
  std::string headers;
  append_header(headers, ":message-type", frame.message_type);
  const bool is_exception = frame.message_type == "exception";
  if (frame.message_type == "error") {
    append_header(headers, ":error-code", frame.error_code);
    append_header(headers, ":error-message", frame.error_message);
  } else {
    append_header(headers, is_exception ? ":exception-type" : ":event-type", frame.event_type);
    append_header(headers, ":content-type", "application/json");
  }
  std::string out;
  append_number(out, least_frame + headers.size() + frame.payload.size(), 4);
  append_number(out, headers.size(), 4);
  append_number(out, crc(out), 4);
  out.append(headers).append(frame.payload);
  append_number(out, crc(out), 4);
  return out;
}

}  // namespace runagents::llm
