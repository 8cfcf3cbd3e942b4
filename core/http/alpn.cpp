#include "core/http/alpn.hpp"

#include <openssl/ssl.h>

namespace runagents::http {

bool has_agreed_on_http2(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  // In a list its length stands before it.
  return std::string_view{reinterpret_cast<const char*>(name), size} == alpn_http2.substr(1);
}

}  // namespace runagents::http
