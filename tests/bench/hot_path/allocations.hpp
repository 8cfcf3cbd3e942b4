#pragma once

#include <cstddef>

namespace runagents::bench {

/// Heap allocations of this program by call stack: whatever calls malloc, calloc, realloc, aligned_alloc
/// or operator new. Linked in,
/// it takes their place. Of one thread; what other threads allocate is not counted.
class Allocations {
 public:
  static constexpr std::size_t max_frames = 24;

  /// Counts from now on what the calling thread allocates.
  static void start();
  static void stop();
  [[nodiscard]] static std::size_t count();
  /// Writes a line for each call stack to standard output: how often, how many bytes, and its return
  /// addresses relative to the program's beginning, innermost first, as llvm-symbolizer takes them.
  static void print();
};

}  // namespace runagents::bench
