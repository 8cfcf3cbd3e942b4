#pragma once

#include <filesystem>
#include <optional>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace runagents::config {

/// A lock between processes (flock(2)) on a file of its own, which is made and stays. Held until it goes, or until the
/// process dies. Not between the threads of one lock; any thread.
class FileLock {
 public:
  /// Waits until it has the lock. Blocks. ErrorCode::unavailable when there can be none.
  [[nodiscard]] static Result<FileLock> wait(const std::filesystem::path& file);
  /// Nothing when somebody else has it.
  [[nodiscard]] static Result<std::optional<FileLock>> attempt(const std::filesystem::path& file);

  FileLock(FileLock&& other) noexcept : file_{other.file_.release()} {}
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() = default;

 private:
  explicit FileLock(int fd) : file_{fd} {}

  Descriptor file_;
};

}  // namespace runagents::config
