#include "core/http/chunked.hpp"

#include <algorithm>
#include <charconv>

namespace runagents::http {
namespace {

constexpr unsigned max_size_digits = 15;
constexpr unsigned max_extension_bytes = 256;
constexpr HeadLimits trailer_limits{.max_head_bytes = 8 * 1024, .max_fields = 64};

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool ChunkedDecoder::size_byte(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++digits_ > max_size_digits) return false;
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
    return true;
  }
  if (digits_ == 0) return false;
  if (c == '\r') {
    state_ = State::size_lf;
    return true;
  }
  if (c == ';') {
    state_ = State::extension;
    return true;
  }
  return false;
}

/// One byte that is not body data. False: malformed.
bool ChunkedDecoder::control_byte(char c) {
  switch (state_) {
    case State::size:
      return size_byte(c);
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return true;
      }
      return ++extension_bytes_ <= max_extension_bytes && (c == '\t' || (c >= 0x20 && c != 0x7f));
    case State::size_lf:
      state_ = remaining_ == 0 ? State::trailers : State::data;
      return c == '\n';
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r';
    case State::data_lf:
      state_ = State::size;
      digits_ = 0;
      extension_bytes_ = 0;
      return c == '\n';
    default:
      return false;
  }
}

ChunkedDecoder::Piece ChunkedDecoder::take_trailers(std::string_view input) {
  // The end of the trailers may fall anywhere between two reads, so their bytes are gathered; they are few and bounded.
  const auto before = trailer_bytes_.size();
  trailer_bytes_.append(input.substr(0, trailer_limits.max_head_bytes + 1 - before));
  const auto parsed = parse_trailers(trailer_bytes_, trailer_limits, trailers_);
  if (!parsed) {
    state_ = State::malformed;
    return {.consumed = 0, .data = {}, .finished = false, .malformed = true};
  }
  if (*parsed == 0) {
    return {.consumed = trailer_bytes_.size() - before, .data = {}, .finished = false, .malformed = false};
  }
  state_ = State::finished;
  return {.consumed = *parsed - before, .data = {}, .finished = true, .malformed = false};
}

ChunkedDecoder::Piece ChunkedDecoder::next(std::string_view input) {
  Piece piece;
  while (piece.consumed < input.size() && state_ != State::finished) {
    const auto rest = input.substr(piece.consumed);
    if (state_ == State::data) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, rest.size()));
      piece.data = rest.substr(0, size);
      piece.consumed += size;
      remaining_ -= size;
      if (remaining_ == 0) state_ = State::data_cr;
      return piece;
    }
    if (state_ == State::trailers) {
      auto end = take_trailers(rest);
      end.consumed += piece.consumed;
      return end;
    }
    if (!control_byte(rest.front())) {
      state_ = State::malformed;
      piece.malformed = true;
      return piece;
    }
    ++piece.consumed;
  }
  piece.finished = state_ == State::finished;
  return piece;
}

void ChunkedDecoder::reset() noexcept {
  state_ = State::size;
  remaining_ = 0;
  digits_ = 0;
  extension_bytes_ = 0;
  trailer_bytes_.clear();
  trailers_.clear();
}

void append_chunk_head(std::string& out, std::size_t size) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
  out.append(digits, end);
  out.append("\r\n");
}

}  // namespace runagents::http
