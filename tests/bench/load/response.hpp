#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace runagents::bench {

/// Reads answers of HTTP/1.1 as they come, one after the other. Throws std::runtime_error for what is none, or for
/// another status than 200.
class ResponseReader {
 public:
  /// Takes what came; true when the answer is whole.
  bool feed(std::string_view bytes);
  void reset();

  /// Called with the body, piece by piece.
  std::function<void(std::string_view)> on_body;
  [[nodiscard]] bool closes() const noexcept { return closes_; }
  [[nodiscard]] bool has_begun() const noexcept { return !head_.empty(); }

 private:
  enum class State { head, length, size_line, chunk, chunk_end, trailer, whole };
  void read_head();
  std::size_t take(std::string_view bytes);
  std::size_t take_line(std::string_view bytes);
  void end_line();

  State state_ = State::head;
  std::string head_;
  std::string line_;
  std::uint64_t left_ = 0;
  bool closes_ = false;
};

}  // namespace runagents::bench
