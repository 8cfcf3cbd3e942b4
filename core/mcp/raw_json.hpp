#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace runagents::mcp {

/// Parts of a JSON text as they stand in it, so that what goes on to somebody else is what the server wrote: order of
/// members, spelling of numbers. The text must have been read as sound JSON before; of any other text the result is
/// unspecified, but within it. The views are into the text.

/// The value of a member of the outermost object. Empty: there is none of this name, spelt without escapes, or the text
/// is no object.
[[nodiscard]] std::optional<std::string_view> raw_member(std::string_view object, std::string_view name);

/// The elements of the outermost array; none when the text is no array.
[[nodiscard]] std::vector<std::string_view> raw_elements(std::string_view array);

}  // namespace runagents::mcp
