#pragma once

#include <cstdint>

namespace runagents::llm {

/// Tokens as a provider counted them for one answer.
struct Usage {
  std::uint64_t input_tokens = 0;         ///< all of the input, what came from a cache or went into one counted, too
  std::uint64_t output_tokens = 0;        ///< all of the output, reasoning counted, too
  std::uint64_t cached_input_tokens = 0;  ///< part of the input: read from the provider's cache
  std::uint64_t cache_write_tokens = 0;   ///< part of the input: written to the provider's cache
  std::uint64_t reasoning_tokens = 0;     ///< part of the output
  bool is_known = false;                  ///< the provider said it; false: nothing was counted (yet)

  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace runagents::llm
