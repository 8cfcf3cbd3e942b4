#include "cli/live/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/glyph.hpp"

namespace runagents::cli::live {
namespace {

constexpr std::size_t longest_sequence = 32;
constexpr std::size_t longest_paste = 4096;
constexpr std::string_view paste_end = "\x1b[201~";

using Named = std::pair<std::string_view, Press>;

/// By what follows ESC.
constexpr std::array sequences = {
    Named{"[A", Press::up},       Named{"[B", Press::down},      Named{"[C", Press::right}, Named{"[D", Press::left},
    Named{"OA", Press::up},       Named{"OB", Press::down},      Named{"OC", Press::right}, Named{"OD", Press::left},
    Named{"[H", Press::home},     Named{"[F", Press::end},       Named{"OH", Press::home},  Named{"OF", Press::end},
    Named{"[1~", Press::home},    Named{"[7~", Press::home},     Named{"[4~", Press::end},  Named{"[8~", Press::end},
    Named{"[5~", Press::page_up}, Named{"[6~", Press::page_down}};

constexpr std::array controls = {
    std::pair{'\x03', Press::interrupt},  std::pair{'\x1a', Press::suspend},    std::pair{'\x0c', Press::redraw},
    std::pair{'\x15', Press::erase_line}, std::pair{'\x17', Press::erase_word}, std::pair{'\x7f', Press::backspace},
    std::pair{'\x08', Press::backspace},  std::pair{'\r', Press::enter},        std::pair{'\n', Press::enter},
    std::pair{'\x0e', Press::down},       std::pair{'\x10', Press::up}};

bool ends_sequence(char c) { return c >= 0x40 && c <= 0x7e; }

/// How many bytes the character at the front has by its first one.
std::size_t size_of_character(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC2 ? 2 : 1;
}

}  // namespace

std::vector<Key> KeyReader::feed(std::string_view bytes) {
  std::vector<Key> keys;
  rest_ += bytes;
  while (!rest_.empty()) {
    const auto taken = in_paste_ ? take_paste(keys) : take(keys);
    if (taken == 0) break;
    rest_.erase(0, taken);
  }
  return keys;
}

std::vector<Key> KeyReader::settle() {
  std::vector<Key> keys;
  if (rest_ == "\x1b") keys.push_back({Press::escape});
  if (!in_paste_) rest_.clear();
  return keys;
}

std::size_t KeyReader::take(std::vector<Key>& keys) {
  const char first = rest_.front();
  if (first == '\x1b') return take_sequence(keys);
  for (const auto& [control, press] : controls) {
    if (first != control) continue;
    keys.push_back({press});
    return 1;
  }
  if (static_cast<unsigned char>(first) < 0x20) return 1;
  const auto glyph = first_glyph(rest_);
  if (glyph.size == 0) return rest_.size() < size_of_character(first) ? 0 : 1;
  if (!misleads(glyph.code)) keys.push_back({Press::text, rest_.substr(0, glyph.size)});
  return glyph.size;
}

std::size_t KeyReader::take_sequence(std::vector<Key>& keys) {
  if (rest_.size() == 1) return 0;
  if (rest_[1] == '\x1b') {
    keys.push_back({Press::escape});
    return 1;
  }
  if (rest_[1] != '[' && rest_[1] != 'O') return 2;  // Alt with a key
  std::size_t end = 2;
  if (rest_[1] == '[') {
    while (end < rest_.size() && !ends_sequence(rest_[end])) ++end;
  }
  if (end >= longest_sequence) return end;
  if (end >= rest_.size()) return 0;
  const auto name = std::string_view{rest_}.substr(1, end);
  if (name == "[200~") in_paste_ = true;
  const auto* const known = std::ranges::find(sequences, name, &Named::first);
  if (known != sequences.end()) keys.push_back({known->second});
  return end + 1;
}

std::size_t KeyReader::take_paste(std::vector<Key>& keys) {
  const auto end = rest_.find(paste_end);
  auto size = end;
  if (end == std::string::npos) {
    // The end of a paste may itself come in pieces.
    const auto escape = rest_.rfind('\x1b');
    const bool may_end = escape != std::string::npos && paste_end.starts_with(std::string_view{rest_}.substr(escape));
    size = may_end ? escape : rest_.size();
  }
  if (paste_.size() < longest_paste) paste_ += rest_.substr(0, std::min(size, longest_paste - paste_.size()));
  if (end == std::string::npos) return size;
  in_paste_ = false;
  keys.push_back({Press::paste, std::exchange(paste_, {})});
  return end + paste_end.size();
}

}  // namespace runagents::cli::live
