#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace runagents::auth {

/// Reads one JSON object (RFC 8259) that every program reads alike. Refuses what common libraries let through: a member
/// name that occurs twice in one object, escapes counted as what they stand for; bytes before or after the object but
/// JSON's blanks; a byte-order mark; NUL; invalid UTF-8; numbers that are not finite; objects and arrays nested deeper
/// than `max_depth`, the outer one counted. The message of the failure repeats nothing of the text.
[[nodiscard]] std::expected<nlohmann::json, std::string> read_strict_object(std::string_view text,
                                                                            std::size_t max_depth);

/// The text of a member; null when there is none, or when it is something else.
[[nodiscard]] const std::string* text_member(const nlohmann::json& object, std::string_view name);

}  // namespace runagents::auth
