#include "core/http/tls_server.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <optional>
#include <string_view>

#include "core/http/alpn.hpp"
#include "core/http/tls_server_context.hpp"
#include "core/policy/target.hpp"

namespace runagents::http {
namespace {

/// The name in the extension's bytes (RFC 6066, section 3), canonical: one list with one name of type 0. Nothing when
/// they are something else. OpenSSL's own accessor tells the session's name in place of this handshake's when a session
/// of TLS 1.2 is resumed.
std::optional<std::string> read_name(const unsigned char* bytes, std::size_t size) {
  constexpr std::size_t head = 5;
  const auto number = [bytes](std::size_t at) { return static_cast<std::size_t>(bytes[at]) << 8U | bytes[at + 1]; };
  if (size < head || number(0) != size - 2 || bytes[2] != TLSEXT_NAMETYPE_host_name || number(3) != size - head) {
    return std::nullopt;
  }
  std::string scratch;
  const auto host = policy::canonical_host({reinterpret_cast<const char*>(bytes) + head, size - head}, scratch);
  if (!host) return std::nullopt;
  return std::string{*host};
}

/// The name that a ClientHello asks for: empty when it asks for none, nothing when that cannot be a host.
std::optional<std::string> asked_name(SSL* ssl) {
  const unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &bytes, &size) != 1) return std::string{};
  return read_name(bytes, size);
}

int take_wish(SSL* ssl, int* alert, void* /*unused*/) {
  auto name = asked_name(ssl);
  if (!name) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  static_cast<ClientWish*>(SSL_get_app_data(ssl))->name = *std::move(name);
  return SSL_CLIENT_HELLO_SUCCESS;
}

/// Remembers the name and ends the handshake: nothing more is wanted of it.
int note_name(SSL* ssl, int* alert, void* /*unused*/) {
  *static_cast<std::string*>(SSL_get_app_data(ssl)) = asked_name(ssl).value_or(std::string{});
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

int acknowledge_name(SSL* /*ssl*/, int* /*alert*/, void* /*unused*/) { return SSL_TLSEXT_ERR_OK; }

}  // namespace

int TlsServer::choose_certificate(SSL* ssl, void* server) {
  auto& authority = static_cast<TlsServer*>(server)->authority_;
  const auto& wish = *static_cast<const ClientWish*>(SSL_get_app_data(ssl));
  const std::string& host = wish.name.empty() ? wish.fallback : wish.name;
  X509* leaf = host.empty() ? nullptr : authority.leaf(host);
  return leaf != nullptr && SSL_use_certificate(ssl, leaf) == 1 && SSL_use_PrivateKey(ssl, authority.leaf_key()) == 1
             ? 1
             : 0;
}

TlsServer::TlsServer(CertificateAuthority& authority) : authority_{authority} {}
TlsServer::~TlsServer() = default;

bool TlsServer::set_up() {
  context_ = server_context(alpn_any);
  SSL_CTX* context = context_.get();
  if (context == nullptr) return false;
  // Only a name that was acknowledged becomes part of the session, and without it no session is resumed.
  SSL_CTX_set_tlsext_servername_callback(context, &acknowledge_name);
  SSL_CTX_set_client_hello_cb(context, &take_wish, nullptr);
  SSL_CTX_set_cert_cb(context, &TlsServer::choose_certificate, this);
  return true;
}

SslPointer TlsServer::accept(int descriptor, ClientWish& wish) {
  ERR_clear_error();
  if (!context_ && !set_up()) return nullptr;
  SslPointer ssl{SSL_new(context_.get())};
  if (!ssl || SSL_set_fd(ssl.get(), descriptor) != 1) return nullptr;
  SSL_set_app_data(ssl.get(), &wish);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

std::optional<std::string> peek_server_name(std::string_view bytes) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, SslDeleter> context{SSL_CTX_new(TLS_server_method())};
  if (!context) return std::string{};
  SSL_CTX_set_client_hello_cb(context.get(), &note_name, nullptr);
  const SslPointer ssl{SSL_new(context.get())};
  BIO* in = BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
  BIO* out = BIO_new(BIO_s_null());
  if (!ssl || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return std::string{};
  }
  BIO_set_mem_eof_return(in, -1);  // more may come
  SSL_set_bio(ssl.get(), in, out);
  std::string name;
  SSL_set_app_data(ssl.get(), &name);
  SSL_set_accept_state(ssl.get());
  const int result = SSL_do_handshake(ssl.get());
  const bool wants_more = SSL_get_error(ssl.get(), result) == SSL_ERROR_WANT_READ;
  ERR_clear_error();
  if (wants_more && name.empty()) return std::nullopt;
  return name;
}

}  // namespace runagents::http
