#pragma once

#include <memory>
#include <openssl/types.h>
#include <string>
#include <string_view>

#include "core/error.hpp"

using SSL_SESSION = struct ssl_session_st;  // <openssl/types.h> leaves this one out

namespace runagents::http {

struct SslDeleter {
  void operator()(SSL* ssl) const noexcept;
  void operator()(SSL_CTX* context) const noexcept;
  void operator()(SSL_SESSION* session) const noexcept;
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;
using SslSessionPointer = std::unique_ptr<SSL_SESSION, SslDeleter>;

/// What a client offers to speak (ALPN, RFC 7301).
enum class Offer {
  http1,  ///< "http/1.1"
  http2,  ///< "h2"
  any,    ///< both; the server chooses
};

/// Makes TLS client connections: TLS 1.2 and 1.3, the peer's certificate verified against the roots and its name. The
/// roots are read at construction (some milliseconds); share one object per set of roots. Used by one thread.
class TlsClient {
 public:
  /// `ca_file`: PEM bundle to trust; empty: the system's roots (SSL_CERT_FILE and SSL_CERT_DIR are honoured), wherever
  /// its distribution keeps them.
  [[nodiscard]] static Result<TlsClient> create(const std::string& ca_file);

  /// A connection on `descriptor`, which it does not own, expecting `host` (a DNS name or an IP literal). `session` may
  /// be null or one that `take_session` returned for the same host.
  [[nodiscard]] Result<SslPointer> connect(int descriptor, const std::string& host, SSL_SESSION* session,
                                           Offer offer = Offer::http1) const;

 private:
  explicit TlsClient(std::unique_ptr<SSL_CTX, SslDeleter> context) : context_{std::move(context)} {}
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
};

/// The session of a connection for a later one to resume, or null.
[[nodiscard]] SslSessionPointer take_session(SSL* ssl);

/// Why the handshake failed, for a person: the verification result or OpenSSL's own reason.
[[nodiscard]] std::string handshake_failure(SSL* ssl);

}  // namespace runagents::http
