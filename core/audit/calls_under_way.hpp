#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace runagents::audit {

/// What has left and has no event yet: a file beside the journal, mapped into memory, with a place for each such call.
///
/// A call is put there before its first byte leaves and dropped when its event is written. Both are stores to memory
/// (no system call), and the pages outlive the process, so that whoever closes a lost run finds what its runner had
/// sent. Used by one thread.
///
/// A place is a header (`capacity`, `used`, `after_seq`) and text. `used` is stored last and is 0 while the place is
/// free. Places are 1 KiB; a longer text gets one of 64 KiB. The file grows by 64 KiB, allocated on the disk before it
/// is mapped, because a mapped page without a block is a SIGBUS on a full disk.
class CallsUnderWay {
 public:
  using Place = std::uint32_t;
  static constexpr Place nowhere = ~Place{0};

  struct Entry {
    std::uint64_t after_seq = 0;  ///< the journal's newest event when the call left
    std::string_view text;
  };

  explicit CallsUnderWay(const std::filesystem::path& journal);
  /// Unmaps; the file stays.
  ~CallsUnderWay();
  CallsUnderWay(const CallsUnderWay&) = delete;
  CallsUnderWay& operator=(const CallsUnderWay&) = delete;

  /// The first one creates the file (mode 0600). `is_synced`: it is on the disk when this returns. `nowhere`: there is
  /// no room, and nothing is to leave.
  [[nodiscard]] Place put(const Entry& entry, bool is_synced);
  void drop(Place place) noexcept;
  /// Whether something was put that was not dropped.
  [[nodiscard]] bool empty() const noexcept { return used_ == 0; }
  void for_each(const std::function<void(Place, const Entry&)>& take) const;
  /// Removes the file, if it was created.
  void remove() noexcept;

  /// Takes what is in the file that a runner left; nothing is there for a run without one.
  [[nodiscard]] Result<void> load();

  [[nodiscard]] static std::filesystem::path file_of(std::filesystem::path journal);

 private:
  [[nodiscard]] bool grow(std::size_t capacity);
  [[nodiscard]] bool map(std::size_t offset, std::size_t size);

  std::filesystem::path file_;
  Descriptor fd_{-1};
  std::size_t size_ = 0;  ///< of the file
  std::size_t used_ = 0;
  std::vector<std::byte*> blocks_;  ///< as they were mapped
  std::vector<std::byte*> places_;  ///< by number
  std::vector<Place> free_small_;
  std::vector<Place> free_large_;
};

}  // namespace runagents::audit
