#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::cli::live {

enum class Press {
  text,   ///< a character
  paste,  ///< what was pasted: never a command
  up,
  down,
  left,
  right,
  page_up,
  page_down,
  home,
  end,
  enter,
  escape,
  backspace,
  erase_word,
  erase_line,
  redraw,
  interrupt,
  suspend
};

struct Key {
  Press press = Press::text;
  std::string text = {};  ///< of `text` one character, of `paste` all of it; UTF-8

  /// Whether it is this character.
  [[nodiscard]] bool is(char c) const noexcept { return press == Press::text && text.size() == 1 && text[0] == c; }
};

/// Makes keys of the bytes that a terminal in raw mode sends: UTF-8, control characters, and the escape sequences of
/// xterm and its kin (ECMA-48 CSI, SS3, bracketed paste). What it does not know is no key. A value; keeps at most a
/// sequence and a paste that have not ended.
class KeyReader {
 public:
  [[nodiscard]] std::vector<Key> feed(std::string_view bytes);
  /// Nothing more has come for a moment: an escape character that stands alone is the key.
  [[nodiscard]] std::vector<Key> settle();
  [[nodiscard]] bool is_waiting() const noexcept { return !rest_.empty() && !in_paste_; }

 private:
  /// The bytes that the key at the front takes; 0: more must come.
  std::size_t take(std::vector<Key>& keys);
  std::size_t take_sequence(std::vector<Key>& keys);
  std::size_t take_paste(std::vector<Key>& keys);

  std::string rest_;
  std::string paste_;
  bool in_paste_ = false;
};

}  // namespace runagents::cli::live
