#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace runagents::http {

/// Bytes that were read and not used yet: one block of memory with a readable part and room behind it. Reused over the
/// life of a connection; grows for heads and large bodies and shrinks when the connection rests.
class Buffer {
 public:
  static constexpr std::size_t initial_bytes = 4 * 1024;
  static constexpr std::size_t streaming_bytes = 64 * 1024;

  Buffer() = default;
  /// Begins with `initial` bytes, and rests with them.
  explicit Buffer(std::size_t initial) noexcept : initial_{initial} {}

  [[nodiscard]] std::string_view readable() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  /// Room for at least `minimum` bytes behind the readable part; moves or grows when it has to. Views into the buffer
  /// become invalid.
  [[nodiscard]] std::span<char> writable(std::size_t minimum = 1);
  void commit(std::size_t size) noexcept { end_ += size; }
  void consume(std::size_t size) noexcept;

  /// Makes the next `writable` offer at least this much in all.
  void reserve(std::size_t capacity);
  /// Gives memory beyond what it began with back when nothing is readable.
  void rest();

  /// The readable part, to be rewritten in place (a decoder that moves body bytes together).
  [[nodiscard]] char* mutable_data() noexcept { return data_.get() + begin_; }

 private:
  void reallocate(std::size_t capacity);

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t initial_ = initial_bytes;
};

}  // namespace runagents::http
