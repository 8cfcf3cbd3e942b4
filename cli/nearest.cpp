#include "cli/nearest.hpp"

#include <algorithm>
#include <fmt/format.h>

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

Result<std::size_t> index_of_id(std::string_view id, std::span<const std::string> known, std::string_view what) {
  const auto fits = [id](const std::string& one) { return id.size() >= 4 && one.starts_with(id); };
  const auto first = std::ranges::find_if(known, fits);
  if (first == known.end())
    return fail(ErrorCode::not_found, fmt::format("no {} \"{}\"", what, id), did_you_mean(id, known));
  const auto second = std::find_if(first + 1, known.end(), fits);
  if (second != known.end()) {
    return fail(ErrorCode::conflict, fmt::format("\"{}\" could be {} or {}", id, *first, *second));
  }
  return static_cast<std::size_t>(first - known.begin());
}

}  // namespace runagents::cli
