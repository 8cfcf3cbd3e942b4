#pragma once

#include <string>
#include <string_view>

namespace runagents::auth {

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3), with upper-case digits.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Undoes it for every sound code; what is none stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace runagents::auth
