#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/auth/verification_key.hpp"

namespace runagents::auth {

/// OpenSSL's form of public keys, checked. Numbers are big-endian bytes; the failure is a reason for a person.
using PublicKeyResult = std::expected<PublicKeyPointer, std::string>;

/// See `VerificationKey::read` for what is refused.
[[nodiscard]] PublicKeyResult rsa_public_key(std::string_view modulus, std::string_view exponent);
/// `curve`: "P-256", "P-384" or "P-521"; coordinates of exactly `coordinate_size(curve)` bytes.
[[nodiscard]] PublicKeyResult ec_public_key(std::string_view curve, std::string_view x, std::string_view y);
/// `curve`: "Ed25519" or "Ed448".
[[nodiscard]] PublicKeyResult edwards_public_key(std::string_view curve, std::string_view x);

/// Bytes of a coordinate (RFC 7518, section 6.2.1.2); 0 for a curve that is not used here.
[[nodiscard]] std::size_t coordinate_size(std::string_view curve) noexcept;

}  // namespace runagents::auth
