#pragma once

#include <memory>
#include <openssl/types.h>
#include <string>

#include "core/error.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// A server's own certificate and key, from files: takes TLS connections as that server. Of one thread.
class TlsCertificate {
 public:
  /// `certificate`: a PEM file with the certificate and those of its issuers, in this order; `key`: a PEM file with its
  /// private key, which is not encrypted. ErrorCode::configuration when they cannot be read or do not go together.
  [[nodiscard]] static Result<TlsCertificate> load(const std::string& certificate, const std::string& key);

  /// A connection on `descriptor`, which it does not own, before its handshake; null when there can be none.
  [[nodiscard]] SslPointer accept(int descriptor) const;

 private:
  explicit TlsCertificate(std::unique_ptr<SSL_CTX, SslDeleter> context) : context_{std::move(context)} {}
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

}  // namespace runagents::http
