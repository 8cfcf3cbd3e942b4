#pragma once

#include <cstddef>

namespace runagents::tests {

/// How often a test of random or many cases tries: sanitized code is some twenty times slower, and looks for other
/// mistakes than those that the ten thousandth case finds.
[[nodiscard]] constexpr std::size_t effort(std::size_t rounds) noexcept {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return rounds / 10;
#endif
#endif
  return rounds;
}

}  // namespace runagents::tests
