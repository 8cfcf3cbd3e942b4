#include "core/audit/digest.hpp"

#include <cstddef>

namespace runagents::audit {

Digester::Digester()
    : algorithm_{EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free},
      context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free} {}

bool Digester::digest(std::string_view text, HexDigest& out) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 32> bytes{};
  if (!algorithm_ || !context_ || EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context_.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr) != 1) {
    return false;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 0xf];
  }
  return true;
}

}  // namespace runagents::audit
