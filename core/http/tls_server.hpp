#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/http/certificate_authority.hpp"
#include "core/http/tls_client.hpp"

namespace runagents::http {

/// What a client wants of the server that takes its connection.
struct ClientWish {
  std::string fallback;  ///< given: the host whose certificate a client gets that names none
  std::string name;      ///< found: the host that the client named in this handshake (RFC 6066, section 3), canonical
};

/// Takes TLS server connections, as whatever server the client asks for: TLS 1.2 and 1.3, sessions resumed by ticket,
/// ALPN h2 and http/1.1. Of one thread, like the authority, which it must not outlive.
class TlsServer {
 public:
  explicit TlsServer(CertificateAuthority& authority);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  /// A connection on `descriptor`, which it does not own, before its handshake; null when there can be none. `wish`
  /// must live until the handshake is over; from its beginning it knows the name.
  [[nodiscard]] SslPointer accept(int descriptor, ClientWish& wish);

 private:
  bool set_up();
  static int choose_certificate(SSL* ssl, void* server);

  CertificateAuthority& authority_;
  std::unique_ptr<SSL_CTX, SslDeleter> context_;  ///< made when first needed
};

/// The server's name in the beginning of a connection: nothing as long as more bytes are needed; an empty name when it
/// is not a ClientHello, or one without a name. OpenSSL reads it; nothing is answered.
[[nodiscard]] std::optional<std::string> peek_server_name(std::string_view bytes);

}  // namespace runagents::http
