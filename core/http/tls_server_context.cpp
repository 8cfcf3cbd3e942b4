#include "core/http/tls_server_context.hpp"

#include <openssl/ssl.h>
#include <string_view>

namespace runagents::http {
namespace {

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned offered_size, void* spoken) {
  const auto& protocols = *static_cast<const std::string_view*>(spoken);
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(protocols.data()),
                                          static_cast<unsigned>(protocols.size()), offered, offered_size);
  // RFC 7301, section 3.2: a client that speaks nothing of what is spoken here is told so.
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::unique_ptr<SSL_CTX, SslDeleter> server_context(const std::string_view& protocols) {
  std::unique_ptr<SSL_CTX, SslDeleter> made{SSL_CTX_new(TLS_server_method())};
  SSL_CTX* context = made.get();
  constexpr std::string_view session_context = "runagents";
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(session_context.data()),
                                     static_cast<unsigned>(session_context.size())) != 1) {
    return nullptr;
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_num_tickets(context, 1);
  // Tickets hold the session; a cache here would only grow.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_alpn_select_cb(context, &choose_protocol, const_cast<std::string_view*>(&protocols));
  return made;
}

}  // namespace runagents::http
