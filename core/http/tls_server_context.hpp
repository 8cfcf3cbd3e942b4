#pragma once

#include <memory>
#include <openssl/types.h>

#include "core/http/tls_client.hpp"

namespace runagents::http {

/// What all TLS servers here have in common: TLS 1.2 and 1.3, sessions resumed by ticket, ALPN http/1.1. Null when
/// there is no memory for it.
[[nodiscard]] std::unique_ptr<SSL_CTX, SslDeleter> server_context();

}  // namespace runagents::http
