#pragma once

#include <openssl/types.h>
#include <string_view>

namespace runagents::http {

/// What is spoken, in the form of ALPN's own lists (RFC 7301, section 3.1) and in the order of preference.
inline constexpr std::string_view alpn_any{"\x02h2\x08http/1.1", 12};
inline constexpr std::string_view alpn_http2 = alpn_any.substr(0, 3);
inline constexpr std::string_view alpn_http1 = alpn_any.substr(3);

/// Whether the two ends have agreed on HTTP/2 (RFC 9113, section 3.1).
[[nodiscard]] bool has_agreed_on_http2(const SSL* ssl);

}  // namespace runagents::http
