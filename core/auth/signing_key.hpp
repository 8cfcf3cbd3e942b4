#pragma once

#include <openssl/types.h>
#include <string>
#include <string_view>

#include "core/auth/public_key.hpp"
#include "core/auth/signature_algorithm.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::auth {

/// A private key that signs tokens: ES256 (P-256) or RS256 (2048 bits), RFC 7518, section 3.1. Used by one thread at a
/// time.
class SigningKey {
 public:
  /// ErrorCode::usage for another algorithm than the two.
  [[nodiscard]] static Result<SigningKey> generate(std::string_view algorithm);
  /// Reads what `private_der` wrote; ErrorCode::conflict when it is no such key.
  [[nodiscard]] static Result<SigningKey> read(std::string_view algorithm, std::string_view der);

  /// PKCS #8, not encrypted.
  [[nodiscard]] config::Secret private_der() const;
  /// The public part as a JWK (RFC 7517) with `use`, `alg`, and its thumbprint (RFC 7638) as `kid`: JSON.
  [[nodiscard]] const std::string& public_jwk() const noexcept { return jwk_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }
  [[nodiscard]] const SignatureAlgorithm& algorithm() const noexcept { return *algorithm_; }

  /// A JWS in compact serialisation (RFC 7515, section 7.1) with `alg`, `kid` and `type` in its header. `payload` is
  /// JSON.
  [[nodiscard]] std::string sign(std::string_view type, std::string_view payload) const;

 private:
  SigningKey(const SignatureAlgorithm& algorithm, PublicKeyPointer key);

  const SignatureAlgorithm* algorithm_;
  PublicKeyPointer key_;
  std::string id_;
  std::string jwk_;
};

}  // namespace runagents::auth
