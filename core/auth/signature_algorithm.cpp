#include "core/auth/signature_algorithm.hpp"

#include <algorithm>
#include <array>

namespace runagents::auth {
namespace {

constexpr std::array algorithms = {
    SignatureAlgorithm{"RS256", KeyType::rsa, "", "SHA256", Padding::pkcs1},
    SignatureAlgorithm{"RS384", KeyType::rsa, "", "SHA384", Padding::pkcs1},
    SignatureAlgorithm{"RS512", KeyType::rsa, "", "SHA512", Padding::pkcs1},
    SignatureAlgorithm{"PS256", KeyType::rsa, "", "SHA256", Padding::pss},
    SignatureAlgorithm{"PS384", KeyType::rsa, "", "SHA384", Padding::pss},
    SignatureAlgorithm{"PS512", KeyType::rsa, "", "SHA512", Padding::pss},
    SignatureAlgorithm{"ES256", KeyType::ec, "P-256", "SHA256", Padding::none},
    SignatureAlgorithm{"ES384", KeyType::ec, "P-384", "SHA384", Padding::none},
    SignatureAlgorithm{"ES512", KeyType::ec, "P-521", "SHA512", Padding::none},
    SignatureAlgorithm{"EdDSA", KeyType::octet_pair, "", nullptr, Padding::none},
};

}  // namespace

const SignatureAlgorithm* signature_algorithm(std::string_view name) noexcept {
  const auto* found = std::ranges::find(algorithms, name, &SignatureAlgorithm::name);
  return found == algorithms.end() ? nullptr : found;
}

}  // namespace runagents::auth
