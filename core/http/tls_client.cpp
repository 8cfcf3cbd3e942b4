#include "core/http/tls_client.hpp"

#include <arpa/inet.h>
#include <array>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/http/alpn.hpp"
#include "core/http/system_roots.hpp"

namespace runagents::http {
namespace {

std::string openssl_reason() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

bool is_ip_literal(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::string_view list_of(Offer offer) {
  switch (offer) {
    case Offer::http1:
      return alpn_http1;
    case Offer::http2:
      return alpn_http2;
    case Offer::any:
      break;
  }
  return alpn_any;
}

/// What the program's OpenSSL was built for, or else the first bundle of this machine that can be read.
bool load_system_roots(SSL_CTX* context) {
  if (SSL_CTX_set_default_verify_paths(context) != 1) return false;
  for (const auto& bundle :
       bundles_to_read(X509_get_default_cert_file(), X509_get_default_cert_dir(), root_bundles())) {
    if (SSL_CTX_load_verify_file(context, bundle.c_str()) == 1) break;
  }
  ERR_clear_error();
  return true;
}

}  // namespace

void SslDeleter::operator()(SSL* ssl) const noexcept {
  // Otherwise OpenSSL spoils the session for the next connection, by a rule that TLS 1.1 gave up (RFC 4346, 7.2.1).
  if (ssl != nullptr) SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl);
}
void SslDeleter::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
void SslDeleter::operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }

Result<TlsClient> TlsClient::create(const std::string& ca_file) {
  ERR_clear_error();
  std::unique_ptr<SSL_CTX, SslDeleter> context{SSL_CTX_new(TLS_client_method())};
  if (!context) return fail(ErrorCode::internal, "TLS cannot be set up: " + openssl_reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);  // a record's head and body with one system call
  const bool loaded = ca_file.empty() ? load_system_roots(context.get())
                                      : SSL_CTX_load_verify_file(context.get(), ca_file.c_str()) == 1;
  if (!loaded) {
    return fail(ErrorCode::configuration,
                ca_file.empty() ? "the system's CA certificates cannot be read: " + openssl_reason()
                                : "the CA file \"" + ca_file + "\" cannot be read: " + openssl_reason(),
                ca_file.empty() ? "install the package ca-certificates" : "it must hold PEM certificates");
  }
  return TlsClient{std::move(context)};
}

Result<SslPointer> TlsClient::connect(int descriptor, const std::string& host, SSL_SESSION* session,
                                      Offer offer) const {
  ERR_clear_error();
  SslPointer ssl{SSL_new(context_.get())};
  bool ready = ssl && SSL_set_fd(ssl.get(), descriptor) == 1;
  if (ready && is_ip_literal(host)) {
    ready = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1;
  } else if (ready) {
    ready = SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1 && SSL_set1_host(ssl.get(), host.c_str()) == 1;
  }
  if (!ready) return fail(ErrorCode::internal, "TLS cannot be set up: " + openssl_reason());
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const auto list = list_of(offer);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(list.data()),
                      static_cast<unsigned>(list.size()));
  if (session != nullptr) SSL_set_session(ssl.get(), session);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

SslSessionPointer take_session(SSL* ssl) {
  SslSessionPointer session{SSL_get1_session(ssl)};
  if (session && SSL_SESSION_is_resumable(session.get()) != 1) session.reset();
  return session;
}

std::string handshake_failure(SSL* ssl) {
  const auto verdict = SSL_get_verify_result(ssl);
  if (verdict != X509_V_OK) {
    ERR_clear_error();
    return X509_verify_cert_error_string(verdict);
  }
  return openssl_reason();
}

}  // namespace runagents::http
