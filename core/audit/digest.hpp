#pragma once

#include <array>
#include <memory>
#include <openssl/evp.h>
#include <string_view>

namespace runagents::audit {

/// A SHA-256 in lower-case hexadecimal digits.
using HexDigest = std::array<char, 64>;

[[nodiscard]] inline std::string_view view(const HexDigest& digest) noexcept { return {digest.data(), digest.size()}; }

/// SHA-256 over and over: the algorithm is looked up once and the context reused.
class Digester {
 public:
  Digester();
  /// False when OpenSSL cannot compute the digest; `out` is untouched then.
  [[nodiscard]] bool digest(std::string_view text, HexDigest& out) noexcept;

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace runagents::audit
