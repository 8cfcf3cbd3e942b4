#pragma once

#include <algorithm>

namespace runagents::config {

/// Whether a value is among others (std::ranges::contains, which libstdc++ has from version 13 on).
template <class Value, class Range>
[[nodiscard]] constexpr bool is_among(const Value& value, const Range& range) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace runagents::config
