#include "core/http2/websocket_key.hpp"

#include <array>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace runagents::http2 {

std::string new_websocket_key() {
  std::array<unsigned char, 16> nonce{};
  std::array<unsigned char, 25> text{};
  RAND_bytes(nonce.data(), nonce.size());
  const int size = EVP_EncodeBlock(text.data(), nonce.data(), nonce.size());
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

}  // namespace runagents::http2
