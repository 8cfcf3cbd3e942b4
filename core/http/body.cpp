#include "core/http/body.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace runagents::http {

void BodyReader::begin(Framing framing, std::uint64_t content_length) {
  framing_ = framing;
  remaining_ = content_length;
  pending_consume_ = 0;
  read_full_ = false;
  finished_ = framing == Framing::none || (framing == Framing::length && content_length == 0);
  if (framing == Framing::chunked) decoder_.reset();
}

bool BodyReader::is_buffered() const noexcept { return finished_ || (framing_ == Framing::length && missing() == 0); }

std::uint64_t BodyReader::missing() const noexcept {
  return remaining_ - std::min<std::uint64_t>(remaining_, buffer_.readable().size() - pending_consume_);
}

BodyReader::Piece BodyReader::take_length() {
  const auto available = buffer_.readable();
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, available.size()));
  remaining_ -= size;
  pending_consume_ = size;
  finished_ = remaining_ == 0;
  return {finished_ ? Status::last : Status::more, available.substr(0, size), {}};
}

/// Decodes everything that the buffer holds and moves the body bytes together, so that what arrived in one read leaves
/// in one write.
BodyReader::Piece BodyReader::take_chunks() {
  const auto input = buffer_.readable();
  char* const start = buffer_.mutable_data();
  std::size_t read = 0;
  std::size_t written = 0;
  while (read < input.size() && !finished_) {
    const auto piece = decoder_.next(input.substr(read));
    if (piece.malformed) return {Status::malformed, {}, {}};
    if (!piece.data.empty()) {
      std::memmove(start + written, piece.data.data(), piece.data.size());
      written += piece.data.size();
    }
    read += piece.consumed;
    finished_ = piece.finished;
  }
  pending_consume_ = read;
  return {finished_ ? Status::last : Status::more, {start, written}, {}};
}

void BodyReader::done() noexcept { buffer_.consume(std::exchange(pending_consume_, 0)); }

/// Large bodies get large reads; a body of unknown length may be large.
void BodyReader::reserve() {
  constexpr auto middle = Buffer::streaming_bytes / 4;
  if (framing_ != Framing::length || remaining_ > Buffer::streaming_bytes) {
    buffer_.reserve(framing_ == Framing::length || read_full_ ? Buffer::streaming_bytes : middle);
  } else if (remaining_ > buffer_.capacity()) {
    buffer_.reserve(middle);
  }
}

BodyReader::Piece BodyReader::next_buffered() {
  done();
  if (finished_) return {Status::last, {}, {}};
  if (buffer_.empty()) return {};
  switch (framing_) {
    case Framing::length:
      return take_length();
    case Framing::chunked:
      return take_chunks();
    default: {
      const auto data = buffer_.readable();
      pending_consume_ = data.size();
      return {Status::more, data, {}};
    }
  }
}

Task<BodyReader::Piece> BodyReader::next() {
  for (;;) {
    auto piece = next_buffered();
    if (piece.status != Status::more || !piece.data.empty()) {
      // The data stay in the buffer until the next call.
      co_return piece;
    }
    done();
    reserve();
    reading_ = true;
    const auto room = buffer_.writable();
    const auto [error, size] = co_await stream_.read_some(room);
    reading_ = false;
    read_full_ = size == room.size();
    buffer_.commit(size);
    if (!error) continue;
    if (error == asio::error::eof && framing_ == Framing::until_close) {
      finished_ = true;
      co_return Piece{Status::last, {}, {}};
    }
    co_return Piece{error == asio::error::eof ? Status::cut : Status::failed, {}, error};
  }
}

}  // namespace runagents::http
