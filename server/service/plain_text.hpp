#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::server {

/// Whether a text that people see in lists is of a decent length and free of control characters; "what" is its name in
/// the API. ErrorCode::usage.
[[nodiscard]] Result<void> check_text(std::string_view what, std::string_view text, std::size_t max_bytes);

/// The same for a name by which something is looked up: not empty, no blanks around it, and not to be taken for an id
/// or an e-mail address.
[[nodiscard]] Result<void> check_unique_name(std::string_view what, std::string_view text);

inline constexpr std::size_t max_name_bytes = 128;
inline constexpr std::size_t max_description_bytes = 2000;

}  // namespace runagents::server
