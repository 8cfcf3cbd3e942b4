#include "runner/egress/scrubber.hpp"

#include <algorithm>
#include <cstring>

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"

namespace runagents::egress {
namespace {

constexpr char mask = '*';

/// What of the base64 text of anything that holds the secret, `before` bytes after a group's begin, is the secret's
/// alone.
std::string base64_core(std::string_view secret, std::size_t before, std::string (*encode)(std::string_view)) {
  std::string padded(before, '\0');
  padded.append(secret);
  auto text = encode(padded);
  const std::size_t first = (before * 8 + 5) / 6;    // digits that other bytes have a part in
  const std::size_t last = (padded.size() * 8) / 6;  // what follows has a part of what comes next, or is padding
  auto core = last > first ? text.substr(first, last - first) : std::string{};
  config::wipe(padded);
  config::wipe(text);
  return core;
}

std::string json_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

/// Percent-encoding with digits of the other case.
std::string with_lower_digits(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] != '%') continue;
    for (const std::size_t at : {i + 1, i + 2}) {
      if (text[at] >= 'A' && text[at] <= 'F') text[at] = static_cast<char>(text[at] + ('a' - 'A'));
    }
  }
  return text;
}

std::size_t key_of(const char* two) noexcept {
  return static_cast<std::size_t>(static_cast<unsigned char>(two[0])) << 8U |
         static_cast<std::size_t>(static_cast<unsigned char>(two[1]));
}

}  // namespace

ScrubPatterns::ScrubPatterns(const std::vector<std::string_view>& secrets) {
  for (const auto secret : secrets) {
    add(std::string{secret});
    add(json_escaped(secret));
    const auto encoded = auth::percent_encoded(secret);
    add(with_lower_digits(encoded));
    add(encoded);
    for (std::size_t before = 0; before < 3; ++before) {
      add(base64_core(secret, before, auth::base64));
      add(base64_core(secret, before, auth::base64url));
    }
  }
  index();
}

ScrubPatterns::~ScrubPatterns() = default;

void ScrubPatterns::add(std::string pattern) {
  const bool is_known =
      std::ranges::any_of(patterns_, [&](const config::Secret& one) { return one.reveal() == pattern; });
  if (pattern.size() >= min_size && !is_known) {
    patterns_.emplace_back(std::move(pattern));
  } else {
    config::wipe(pattern);
  }
}

void ScrubPatterns::index() {
  if (patterns_.empty()) return;
  std::ranges::sort(patterns_, std::ranges::greater{}, [](const config::Secret& one) { return one.reveal().size(); });
  longest_ = patterns_.front().reveal().size();
  shortest_ = patterns_.back().reveal().size();
  const auto farthest = std::min<std::size_t>(shortest_ - 1, 255);
  shifts_.fill(static_cast<std::uint8_t>(farthest));
  for (const auto& one : patterns_) {
    const auto pattern = one.reveal();
    first_bytes_.set(static_cast<unsigned char>(pattern.front()));
    for (std::size_t end = 2; end <= shortest_; ++end) {
      auto& shift = shifts_[key_of(pattern.data() + end - 2)];
      shift = static_cast<std::uint8_t>(std::min<std::size_t>(shift, shortest_ - end));
    }
  }
}

ScrubPatterns::Match ScrubPatterns::find(std::string_view text, std::size_t from) const noexcept {
  if (patterns_.empty()) return {};
  for (std::size_t end = from + shortest_; end <= text.size();) {
    const auto shift = shifts_[key_of(text.data() + end - 2)];
    if (shift != 0) {
      end += shift;
      continue;
    }
    const auto at = end - shortest_;
    for (const auto& one : patterns_) {
      const auto pattern = one.reveal();
      if (text.compare(at, pattern.size(), pattern) == 0) return {at, pattern.size()};
    }
    ++end;
  }
  return {};
}

std::size_t ScrubPatterns::beginning_at_end(std::string_view text) const noexcept {
  if (patterns_.empty()) return 0;
  for (auto size = std::min(longest_ - 1, text.size()); size > 0; --size) {
    const auto end = text.substr(text.size() - size);
    if (!first_bytes_.test(static_cast<unsigned char>(end.front()))) continue;
    for (const auto& one : patterns_) {
      const auto pattern = one.reveal();
      if (pattern.size() > size && pattern.starts_with(end)) return size;
    }
  }
  return 0;
}

bool ScrubPatterns::scrub(std::string& text) const noexcept {
  bool found = false;
  for (auto match = find(text, 0); match.size != 0; match = find(text, match.at + match.size)) {
    std::memset(text.data() + match.at, mask, match.size);
    found = true;
  }
  return found;
}

std::string_view Scrubber::pass(std::string_view piece, bool last) {
  if (held_.empty() && patterns_->find(piece, 0).size == 0) {
    const auto held = last ? 0 : patterns_->beginning_at_end(piece);
    held_ = piece.substr(piece.size() - held);
    return piece.substr(0, piece.size() - held);
  }
  text_.assign(held_).append(piece);
  patterns_->scrub(text_);
  const auto held = last ? 0 : patterns_->beginning_at_end(text_);
  held_.assign(text_, text_.size() - held);
  return std::string_view{text_}.substr(0, text_.size() - held);
}

}  // namespace runagents::egress
