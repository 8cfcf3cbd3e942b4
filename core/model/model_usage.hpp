#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tool.hpp"

namespace runagents::model {

/// What the calls of one model came to.
struct ModelUsage {
  std::string provider;
  std::string model;
  std::uint64_t calls = 0;  ///< that the provider answered, whatever the answer was
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  PicoDollars cost = 0;  ///< of what has a price
};

/// Adds `more` to what is there of its provider and model. The first 100 models stand by themselves; all further ones
/// of a provider are added up under "...", so that an agent that makes names up fills no memory.
void add_up(std::vector<ModelUsage>& all, const ModelUsage& more);

/// "$0.0021": at least four decimals, and two digits that are not zero; "$0" for nothing.
[[nodiscard]] std::string dollars(PicoDollars amount);

/// The same as a decimal number without rounding, for JSON: "0.0021", "12", "0.000000075".
[[nodiscard]] std::string decimal_dollars(PicoDollars amount);

/// Reads such a number; 0 for anything else.
[[nodiscard]] PicoDollars pico_dollars(std::string_view decimal) noexcept;

}  // namespace runagents::model
