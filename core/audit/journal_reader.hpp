#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace runagents::audit {

/// Reads a run's journal while it grows, in batches of complete lines. Blocking; of one thread.
class JournalReader {
 public:
  explicit JournalReader(std::filesystem::path journal) : journal_{std::move(journal)} {}

  using Take = std::function<Result<void>(std::span<const std::string>)>;
  /// Hands out every complete line that is new since the last call. Returns how many. A batch whose taker fails is
  /// handed out again.
  [[nodiscard]] Result<std::uint64_t> read_new(const Take& take);

 private:
  std::filesystem::path journal_;
  std::uint64_t offset_ = 0;
};

}  // namespace runagents::audit
