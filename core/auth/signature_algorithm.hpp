#pragma once

#include <cstdint>
#include <string_view>

namespace runagents::auth {

enum class KeyType : std::uint8_t { rsa, ec, octet_pair };
enum class Padding : std::uint8_t { none, pkcs1, pss };

/// A digital signature of RFC 7518, section 3.1, or RFC 8037, section 3.1. "none" and the HMACs are not among them:
/// nothing here can be talked into either.
struct SignatureAlgorithm {
  std::string_view name;   ///< "ES256", of `alg`
  KeyType key_type;        ///<
  std::string_view curve;  ///< the only `crv` that goes with it; empty: RSA, or any of EdDSA's
  const char* digest;      ///< OpenSSL's name; null: the signature has its own
  Padding padding;         ///<
};

/// The algorithm of this exact name, or null.
[[nodiscard]] const SignatureAlgorithm* signature_algorithm(std::string_view name) noexcept;

}  // namespace runagents::auth
