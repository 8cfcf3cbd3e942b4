#include "core/http/buffer.hpp"

#include <algorithm>
#include <cstring>

namespace runagents::http {

std::span<char> Buffer::writable(std::size_t minimum) {
  if (capacity_ - end_ < minimum) {
    const auto used = end_ - begin_;
    if (capacity_ - used >= minimum && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, used);
      begin_ = 0;
      end_ = used;
    } else {
      reallocate(std::max({initial_, capacity_ * 2, used + minimum}));
    }
  }
  return {data_.get() + end_, capacity_ - end_};
}

void Buffer::consume(std::size_t size) noexcept {
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Buffer::reserve(std::size_t capacity) {
  if (capacity > capacity_) reallocate(capacity);
}

void Buffer::rest() {
  if (!empty() || capacity_ <= initial_) return;
  data_.reset();
  capacity_ = begin_ = end_ = 0;
}

void Buffer::reallocate(std::size_t capacity) {
  auto data = std::make_unique_for_overwrite<char[]>(capacity);
  const auto used = end_ - begin_;
  if (used > 0) std::memcpy(data.get(), data_.get() + begin_, used);
  data_ = std::move(data);
  capacity_ = capacity;
  begin_ = 0;
  end_ = used;
}

}  // namespace runagents::http
