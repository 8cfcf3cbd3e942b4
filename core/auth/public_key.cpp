#include "core/auth/public_key.hpp"

#include <array>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace runagents::auth {
namespace {

constexpr int min_modulus_bits = 2048;    // RFC 7518, section 3.3
constexpr int max_modulus_bits = 8192;    // what a signature costs to verify grows with the square
constexpr BN_ULONG min_exponent = 65537;  // FIPS 186-5, section 5.4
constexpr int max_exponent_bits = 32;

struct Free {
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const noexcept { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* parameters) const noexcept { OSSL_PARAM_free(parameters); }
};
template <class Thing>
using Owned = std::unique_ptr<Thing, Free>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Owned<BIGNUM> number(std::string_view bytes) {
  return Owned<BIGNUM>{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
}

PublicKeyPointer make(const char* type, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters{OSSL_PARAM_BLD_to_param(builder)};
  const Owned<EVP_PKEY_CTX> context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  PublicKeyPointer made{key};
  const Owned<EVP_PKEY_CTX> check{EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr)};
  return check && EVP_PKEY_public_check(check.get()) == 1 ? std::move(made) : nullptr;
}

/// Moduli that Infineon's library made (CVE-2017-15361) are powers of 65537 modulo every small prime; by chance one in
/// 2^27 is. Their factors can be computed.
bool is_roca_modulus(const BIGNUM* modulus) {
  constexpr std::array<BN_ULONG, 38> primes = {3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
                                               47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
                                               107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
  for (const auto prime : primes) {
    const auto wanted = BN_mod_word(modulus, prime);
    BN_ULONG power = 1;
    BN_ULONG steps = 0;
    while (power != wanted && steps < prime) {
      power = power * 65537 % prime;
      ++steps;
    }
    if (power != wanted) return false;
  }
  return true;
}

}  // namespace

void PublicKeyDeleter::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

std::size_t coordinate_size(std::string_view curve) noexcept {
  if (curve == "P-256") return 32;
  if (curve == "P-384") return 48;
  return curve == "P-521" ? 66 : 0;
}

PublicKeyResult rsa_public_key(std::string_view modulus, std::string_view exponent) {
  if (modulus.size() > max_modulus_bits / 8 + 1 || exponent.size() > max_exponent_bits / 8) {
    return std::unexpected("the modulus or the exponent is too large");
  }
  const auto n = number(modulus);
  const auto e = number(exponent);
  if (!n || !e) return std::unexpected("the key cannot be read");
  if (BN_num_bits(n.get()) < min_modulus_bits || BN_num_bits(n.get()) > max_modulus_bits) {
    return std::unexpected("the modulus does not have 2048 to 8192 bits");
  }
  if (BN_is_odd(e.get()) != 1 || BN_get_word(e.get()) < min_exponent) {
    return std::unexpected("the exponent is even or less than 65537");
  }
  if (is_roca_modulus(n.get())) return std::unexpected("the modulus can be factored (CVE-2017-15361)");
  const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::unexpected("the key cannot be read");
  }
  auto key = make("RSA", builder.get());
  if (!key) return std::unexpected("the modulus or the exponent is none");
  return key;
}

PublicKeyResult ec_public_key(std::string_view curve, std::string_view x, std::string_view y) {
  const auto size = coordinate_size(curve);
  if (size == 0) return std::unexpected("the curve is not one of P-256, P-384 and P-521");
  if (x.size() != size || y.size() != size) return std::unexpected("a coordinate does not have the curve's length");
  const std::string name{curve};
  const auto point = std::string{"\x04"}.append(x).append(y);
  const Owned<OSSL_PARAM_BLD> builder{OSSL_PARAM_BLD_new()};
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return std::unexpected("the key cannot be read");
  }
  auto key = make("EC", builder.get());
  if (!key) return std::unexpected("the point is not on the curve");
  return key;
}

PublicKeyResult edwards_public_key(std::string_view curve, std::string_view x) {
  const bool is_25519 = curve == "Ed25519";
  if (!is_25519 && curve != "Ed448") return std::unexpected("the curve is not one of Ed25519 and Ed448");
  PublicKeyPointer key{
      EVP_PKEY_new_raw_public_key(is_25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr, bytes_of(x), x.size())};
  if (!key) return std::unexpected("the public key does not have the curve's length");
  return key;
}

}  // namespace runagents::auth
