#pragma once

#include <string>
#include <string_view>

namespace runagents::http {

/// A text as it may stand in an HTML page, also within quotes.
[[nodiscard]] std::string escaped_html(std::string_view text);

}  // namespace runagents::http
