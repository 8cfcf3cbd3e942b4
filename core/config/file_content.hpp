#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <sys/stat.h>

#include "core/error.hpp"

namespace runagents::config {

/// A regular file, opened for reading. Pipes and devices are refused, without waiting for them. Symbolic links are
/// followed; `status` is that of the file they lead to, so that what is checked is what is read.
class OpenFile {
 public:
  [[nodiscard]] static Result<OpenFile> open(const std::filesystem::path& path);
  ~OpenFile();
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&&) = delete;
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] const struct stat& status() const noexcept { return status_; }

  /// The whole content; more than `max_bytes` is an error. No copy of it stays in memory besides the result.
  [[nodiscard]] Result<std::string> read(std::size_t max_bytes) const;

 private:
  OpenFile(std::filesystem::path path, int descriptor) : path_{std::move(path)}, descriptor_{descriptor} {}

  std::filesystem::path path_;
  int descriptor_;
  struct stat status_{};
};

}  // namespace runagents::config
