#include "core/config/suggestion.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace runagents::config {
namespace {

/// Longer words are not worth comparing: every name of the format is shorter, and the cost grows with the square.
constexpr std::size_t max_length = 64;

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(width);
  for (std::size_t j = 0; j < width; ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& current = rows[i % 3];
    const auto& previous = rows[(i - 1) % 3];
    const auto& before = rows[(i + 1) % 3];
    current[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({replaced, previous[j] + 1, current[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.size() < 3 || word.size() > max_length) return {};
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const auto candidate : candidates) {
    if (candidate.size() > max_length) continue;
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto candidate = nearest(word, candidates);
  if (candidate.empty()) return {};
  return "did you mean \"" + std::string{candidate} + "\"?";
}

}  // namespace runagents::config
