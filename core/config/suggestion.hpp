#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace runagents::config {

/// How many letters have to be put in, left out, replaced or swapped with their neighbour to get from one word to the
/// other (optimal string alignment).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that a person most likely meant, or an empty view when none is near: at most one slip per three
/// letters. A word of one or two letters is near to nothing.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// `did you mean "candidate"?`, or nothing when no candidate is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace runagents::config
