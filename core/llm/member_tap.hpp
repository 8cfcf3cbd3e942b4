#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runagents::llm {

/// Looks on while a JSON object passes in pieces of any size, and keeps the text of one member of the outermost object.
/// Only structure is looked at; of a text that is no object the result is unspecified.
class MemberTap {
 public:
  /// A value of more than `max_bytes` is not kept.
  MemberTap(std::string_view name, std::size_t max_bytes) : name_{name}, max_bytes_{max_bytes} {}

  void feed(std::string_view bytes);
  /// Empty: there was none, or it is not complete, or too large.
  [[nodiscard]] std::string_view value() const noexcept {
    return is_complete_ ? std::string_view{value_} : std::string_view{};
  }

 private:
  void structure(char c);
  void keep(std::string_view piece);

  std::string name_;
  std::size_t max_bytes_;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool is_escaped_ = false;
  bool is_at_name_ = false;  ///< of an outermost member, or before it
  bool is_wanted_ = false;   ///< in the value that is looked for
  bool is_complete_ = false;
  std::string key_;
  std::string value_;
};

}  // namespace runagents::llm
