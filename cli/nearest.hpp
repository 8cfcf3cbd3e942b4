#pragma once

#include <span>
#include <string>
#include <string_view>

namespace runagents::cli {

/// The candidate that `word` was most likely meant to be; empty when none is close (edit distance over a third).
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "did you mean \"X\"?", or empty.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace runagents::cli
