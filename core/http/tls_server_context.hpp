#pragma once

#include <memory>
#include <openssl/types.h>
#include <string_view>

#include "core/http/tls_client.hpp"

namespace runagents::http {

/// What ALPN calls HTTP/2 over TLS (RFC 9113, section 3.1).
inline constexpr std::string_view alpn_http2 = "h2";

/// What a server speaks, in the form of ALPN's own lists and in the order of its preference.
inline constexpr std::string_view http1_only{"\x08http/1.1", 9};
inline constexpr std::string_view http2_and_1{"\x02h2\x08http/1.1", 12};

/// What all TLS servers here have in common: TLS 1.2 and 1.3, sessions resumed by ticket, ALPN of `protocols`, which
/// live as long as the program. Null when there is no memory for it.
[[nodiscard]] std::unique_ptr<SSL_CTX, SslDeleter> server_context(const std::string_view& protocols);

/// What was agreed upon by ALPN (RFC 7301); empty: nothing. Valid as long as `ssl`.
[[nodiscard]] std::string_view chosen_protocol(const SSL* ssl);

}  // namespace runagents::http
