#pragma once

#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace runagents::api {

/// The texts of the elements of the array that is member `name` of the JSON object `json`, as they stand there, byte
/// for byte: events are hashed texts and must not be written anew. The views point into `json`.
///
/// Looks at structure only (brackets, strings, commas), in one pass and without recursion; an element is text between
/// commas whose brackets and quotes match.
[[nodiscard]] Result<std::vector<std::string_view>> array_elements(std::string_view json, std::string_view name);

/// The unescaped inside of a top-level text member, or the digits of a number, of an object given as text; empty when
/// there is none or when it has escapes.
[[nodiscard]] std::string_view plain_member(std::string_view object, std::string_view name);

}  // namespace runagents::api
