#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::cli {

/// The body of a call as a person reads it, made printable. JSON stands one value a line, with every name and value as
/// it was sent, twice where it was sent twice; fields of a form stand one a line, decoded. Anything else, and what only
/// looks like JSON, stays as it is. Never more than `most` lines; the last one then says how many are missing.
[[nodiscard]] std::vector<std::string> readable_body(std::string_view preview, std::string_view content_type,
                                                     std::size_t most);

}  // namespace runagents::cli
