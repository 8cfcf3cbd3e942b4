#pragma once

#include <array>
#include <cstddef>
#include <streambuf>

namespace runagents::cli {

/// What is written to a descriptor, which it borrows: in blocks, and with the reason when it cannot be. Of one thread.
/// Whoever wants to be sure that all is written flushes the stream and looks at `error`.
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor);

  /// The errno of the first write that failed; 0: none. Nothing is written after that.
  [[nodiscard]] int error() const noexcept { return error_; }

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  bool write_all();

  int descriptor_;
  int error_ = 0;
  std::array<char, std::size_t{8} * 1024> block_{};
};

/// Opens whichever of the descriptors 0, 1 and 2 the process was started without, so that a file that is opened later
/// cannot get one of these numbers and have printed into it. Reading or writing them fails, as if they were closed.
/// False: that was not possible.
[[nodiscard]] bool fill_standard_descriptors() noexcept;

}  // namespace runagents::cli
