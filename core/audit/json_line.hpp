#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace runagents::audit {

/// Appends `text` as the inside of a JSON string. Any bytes are fine: what is not UTF-8 becomes U+FFFD, and control
/// characters (C0, DEL, C1, bidirectional overrides, line separators) are escaped, so that a line can be shown on a
/// terminal as it is.
void append_escaped(std::string& out, std::string_view text);

/// Builds one JSON object without allocating once its buffer has grown to the size of the longest line.
class JsonLine {
 public:
  void begin() {
    text_.clear();
    text_ += '{';
  }
  /// `name` is written as it is: names are literals of this program.
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::uint64_t value);
  void add_signed(std::string_view name, std::int64_t value);
  /// A value that is known to need no escaping.
  void add_plain(std::string_view name, std::string_view value);
  /// A number that is written as it is.
  void add_number(std::string_view name, std::string_view number);
  /// A member that is true.
  void add_flag(std::string_view name) { add_number(name, "true"); }
  /// Leaves the member out when there is nothing to say.
  void add_known(std::string_view name, std::string_view value) {
    if (!value.empty()) add(name, value);
  }
  [[nodiscard]] std::string& text() noexcept { return text_; }

 private:
  void name_of_member(std::string_view name);

  std::string text_;
};

}  // namespace runagents::audit
