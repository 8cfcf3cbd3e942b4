#include "cli/nearest.hpp"

#include <algorithm>

#include "core/config/suggestion.hpp"

namespace runagents::cli {

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const bool begins = word.size() >= 3 && candidate.starts_with(word);
    const auto steps = begins ? 1 : config::edit_distance(word, candidate);
    if (steps < best_distance) {
      best_distance = steps;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto best = nearest(word, candidates);
  return best.empty() ? std::string{} : "did you mean \"" + best + "\"?";
}

}  // namespace runagents::cli
