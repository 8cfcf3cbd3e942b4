#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <openssl/types.h>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/auth/signature_algorithm.hpp"

namespace runagents::auth {

struct PublicKeyDeleter {
  void operator()(EVP_PKEY* key) const noexcept;
};
using PublicKeyPointer = std::unique_ptr<EVP_PKEY, PublicKeyDeleter>;

/// The public part of a JWK (RFC 7517) that may verify signatures. Movable; used by one thread at a time.
class VerificationKey {
 public:
  /// Reads RSA (2048 to 8192 bits, odd exponent of 65537 to 32 bits, not one of the weak ones that Infineon's chips
  /// made), EC (P-256, P-384, P-521; the point is on the curve) and OKP (Ed25519, Ed448) keys. `use`, `key_ops` and
  /// `alg` must allow verification where they are given; members of a private key are not looked at. The failure says
  /// what is wrong with the key, without its name.
  [[nodiscard]] static std::expected<VerificationKey, std::string> read(const nlohmann::json& jwk);

  [[nodiscard]] const std::optional<std::string>& id() const noexcept { return id_; }
  /// Whether the key's type, curve and own `alg` go with the algorithm.
  [[nodiscard]] bool is_for(const SignatureAlgorithm& algorithm) const noexcept;
  /// Whether `signature`, in the form of JWS (ECDSA: r and s of full length, one after the other), is this key's over
  /// `input`. False when the key is not for the algorithm.
  [[nodiscard]] bool verifies(const SignatureAlgorithm& algorithm, std::string_view input,
                              std::string_view signature) const;

 private:
  VerificationKey() = default;

  std::optional<std::string> id_;
  KeyType type_ = KeyType::rsa;
  std::string curve_;
  std::size_t coordinate_size_ = 0;                ///< bytes of a coordinate, and of r and s; EC only
  const SignatureAlgorithm* algorithm_ = nullptr;  ///< the only one; null: all that go with type and curve
  PublicKeyPointer key_;
};

}  // namespace runagents::auth
