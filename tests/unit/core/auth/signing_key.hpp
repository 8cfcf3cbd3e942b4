#pragma once

#include <memory>
#include <openssl/types.h>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace runagents::tests {

/// A key of an identity provider that the test plays. Keys are made once per process and algorithm.
class SigningKey {
 public:
  /// By the name of JWS, e.g. "ES256".
  static SigningKey of(std::string_view algorithm);

  /// The public key as a JWK with this id.
  [[nodiscard]] nlohmann::json jwk(std::string_view id) const;
  /// What JWS puts into the third part: over any bytes.
  [[nodiscard]] std::string sign(std::string_view input) const;
  /// A compact JWS of any two texts, not necessarily JSON.
  [[nodiscard]] std::string token(std::string_view header, std::string_view payload) const;
  /// Header with `alg` and `kid`.
  [[nodiscard]] std::string issue(std::string_view id, const nlohmann::json& claims) const;
  [[nodiscard]] const std::string& algorithm() const noexcept { return algorithm_; }
  /// SubjectPublicKeyInfo in PEM.
  [[nodiscard]] std::string public_pem() const;

 private:
  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace runagents::tests
