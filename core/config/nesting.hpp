#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/config/document.hpp"

namespace runagents::config {

/// The deepest a configuration file may nest, in brackets and in parts of one dotted key. The format itself needs five.
inline constexpr std::size_t max_nesting = 16;

/// Where a TOML text first nests deeper than `max_nesting`, in brackets or in one dotted key. The TOML library builds a
/// level of tables per part of a dotted key without a bound of its own, and both building and freeing them recurse, so
/// this has to be known before the text is parsed. Knows only as much of TOML as tells structure from strings and
/// comments.
[[nodiscard]] std::optional<Position> find_excessive_nesting(std::string_view toml) noexcept;

}  // namespace runagents::config
