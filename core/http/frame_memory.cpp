#include "core/http/frame_memory.hpp"

#include <array>
#include <new>

namespace runagents::http {
namespace {

#if defined(__has_feature)
// Memory that is never given back hides who uses it too late.
constexpr bool keeps_frames = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool keeps_frames = true;
#endif

constexpr std::size_t step = 64;
constexpr std::size_t max_size = 4096;
/// Of each size: more calls than this at a time end together seldom.
constexpr unsigned max_kept = 64;

struct Frame {
  Frame* next;
};

class Shelf {
 public:
  constexpr Shelf() = default;
  ~Shelf() {
    while (first_ != nullptr) ::operator delete(take());
  }
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  [[nodiscard]] bool is_empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] bool is_full() const noexcept { return count_ == max_kept; }

  void* take() noexcept {
    auto* frame = first_;
    first_ = frame->next;
    --count_;
    return frame;
  }

  void put(void* memory) noexcept {
    first_ = ::new (memory) Frame{first_};
    ++count_;
  }

 private:
  Frame* first_ = nullptr;
  unsigned count_ = 0;
};

constinit thread_local std::array<Shelf, max_size / step> shelves;

std::size_t steps(std::size_t size) noexcept { return (size + step - 1) / step; }

}  // namespace

void* take_frame(std::size_t size) {
  if (!keeps_frames || size > max_size) return ::operator new(size);
  auto& shelf = shelves.at(steps(size) - 1);
  return shelf.is_empty() ? ::operator new(steps(size) * step) : shelf.take();
}

void give_frame(void* frame, std::size_t size) noexcept {
  if (keeps_frames && size <= max_size) {
    auto& shelf = shelves.at(steps(size) - 1);
    if (!shelf.is_full()) {
      shelf.put(frame);
      return;
    }
  }
  ::operator delete(frame);
}

}  // namespace runagents::http
