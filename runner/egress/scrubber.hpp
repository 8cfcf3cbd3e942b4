#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"

namespace runagents::egress {

/// The spellings of a secret that are looked for in what a tool answers: as it is, percent-encoded, as JSON escapes it,
/// in base64 and base64url at each of the three alignments. Immutable, shared by calls.
///
/// Spellings of less than `min_size` bytes are left out: they would be found in ordinary text.
class ScrubPatterns {
 public:
  static constexpr std::size_t min_size = 8;

  explicit ScrubPatterns(const std::vector<std::string_view>& secrets);
  ~ScrubPatterns();
  ScrubPatterns(const ScrubPatterns&) = delete;
  ScrubPatterns& operator=(const ScrubPatterns&) = delete;

  [[nodiscard]] bool empty() const noexcept { return patterns_.empty(); }

  /// Where the first spelling begins at or after `from`, and its size; {npos, 0} when there is none.
  struct Match {
    std::size_t at = std::string_view::npos;
    std::size_t size = 0;
  };
  [[nodiscard]] Match find(std::string_view text, std::size_t from) const noexcept;

  /// The size of the longest end of `text` that could be the beginning of a spelling.
  [[nodiscard]] std::size_t beginning_at_end(std::string_view text) const noexcept;

  /// Overwrites every spelling by as many "*". Returns whether there was one.
  bool scrub(std::string& text) const noexcept;

 private:
  void add(std::string pattern);
  void index();

  std::vector<config::Secret> patterns_;  ///< longest first
  std::size_t shortest_ = 0;
  std::size_t longest_ = 0;
  std::bitset<256> first_bytes_;
  // Wu and Manber's search (1994): by the last two bytes of a window as long as the shortest pattern, how far it may
  // move on.
  std::array<std::uint8_t, std::size_t{1} << 16U> shifts_;
};

/// One body on its way: what is passed on has as many bytes as what came, with every spelling overwritten, also where
/// it comes in pieces. Only what may be the beginning of one is held back.
class Scrubber {
 public:
  explicit Scrubber(std::shared_ptr<const ScrubPatterns> patterns) : patterns_{std::move(patterns)} {}

  /// Takes the next piece; `last`: nothing follows. The result is valid until the next call, and may point into
  /// `piece`.
  [[nodiscard]] std::string_view pass(std::string_view piece, bool last);

 private:
  std::shared_ptr<const ScrubPatterns> patterns_;
  std::string held_;
  std::string text_;
};

}  // namespace runagents::egress
