#include "core/http/tls_certificate.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <utility>

#include "core/http/alpn.hpp"
#include "core/http/tls_server_context.hpp"

namespace runagents::http {
namespace {

std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

// A key with a passphrase must not make OpenSSL ask on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

}  // namespace

Result<TlsCertificate> TlsCertificate::load(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  auto context = server_context(alpn_http1);
  if (!context) return fail(ErrorCode::internal, "TLS cannot be set up");
  SSL_CTX_set_default_passwd_cb(context.get(), &no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return fail(ErrorCode::configuration, "the certificate \"" + certificate + "\" cannot be used: " + last_reason(),
                "it must be a PEM file with the server's certificate first");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return fail(ErrorCode::configuration, "the key \"" + key + "\" cannot be used: " + last_reason(),
                "it must be a PEM file with the certificate's private key, without a passphrase");
  }
  return TlsCertificate{std::move(context)};
}

SslPointer TlsCertificate::accept(int descriptor) const {
  ERR_clear_error();
  SslPointer ssl{SSL_new(context_.get())};
  if (!ssl || SSL_set_fd(ssl.get(), descriptor) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace runagents::http
