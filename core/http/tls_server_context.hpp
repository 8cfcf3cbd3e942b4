#pragma once

#include <memory>
#include <openssl/types.h>
#include <string_view>

#include "core/http/tls_client.hpp"

namespace runagents::http {

/// What all TLS servers here have in common: TLS 1.2 and 1.3, sessions resumed by ticket, ALPN of `protocols`, which
/// live as long as the program. Null when there is no memory for it.
[[nodiscard]] std::unique_ptr<SSL_CTX, SslDeleter> server_context(const std::string_view& protocols);

}  // namespace runagents::http
