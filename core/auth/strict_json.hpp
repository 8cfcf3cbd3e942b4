#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace runagents::auth {

/// What a text must be to count as JSON that every program reads alike.
struct StrictRules {
  std::size_t max_depth = 64;  ///< of objects and arrays in each other, the outer one counted
  bool array_allowed = false;  ///< the outermost value may be an array
  /// For a text that goes on to another program after it was judged. Refuses in addition what is sound JSON and still
  /// read differently: names in one object that differ in case only (Go and .NET take them for one; the letters that
  /// Unicode folds to ASCII count), U+0000 in names, integers beyond 64 bits, numbers of more than 17 digits, and
  /// numbers too small to be told from 0.
  bool portable = false;
};

/// Reads one JSON object, or array where that is allowed (RFC 8259). Refuses what common libraries let through: a
/// member name that occurs twice in one object, escapes counted as what they stand for; bytes before or after the value
/// but JSON's blanks; a byte-order mark; NUL; invalid UTF-8; numbers that are not finite; deeper nesting than the rules
/// say. The message of the failure repeats nothing of the text.
[[nodiscard]] std::expected<nlohmann::json, std::string> read_strict_json(std::string_view text,
                                                                          const StrictRules& rules);

/// The same, with members in the order in which they stand in the text.
[[nodiscard]] std::expected<nlohmann::ordered_json, std::string> read_strict_ordered_json(std::string_view text,
                                                                                          const StrictRules& rules);

/// The same for one object, by the rules that are not `portable`.
[[nodiscard]] std::expected<nlohmann::json, std::string> read_strict_object(std::string_view text,
                                                                            std::size_t max_depth);

/// `name` as programs compare it that ignore case: ASCII in lower case, also the two letters beyond ASCII that Unicode
/// folds to it (U+017F, U+212A).
[[nodiscard]] std::string folded_name(std::string_view name);

/// The text of a member; null when there is none, or when it is something else.
[[nodiscard]] const std::string* text_member(const nlohmann::json& object, std::string_view name);

}  // namespace runagents::auth
