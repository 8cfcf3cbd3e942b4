#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace runagents::auth {

/// RFC 4648, section 4, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);
/// RFC 4648, section 5, without padding, as JOSE and PKCE write it (RFC 7515, section 2).
[[nodiscard]] std::string base64url(std::string_view bytes);

/// The bytes of an unpadded base64url text in its only spelling: no padding, no blanks, nothing outside the alphabet,
/// no bits beyond the last byte. Empty text: no bytes.
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace runagents::auth
