#include "core/auth/signing_key.hpp"

#include <memory>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t rsa_bits = 2048;

void require(bool done) {
  if (done) return;
  // What OpenSSL says would be taken for the reason of a later failure of TLS.
  ERR_clear_error();
  throw std::runtime_error{"OpenSSL does not sign"};
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// `size` 0: as few bytes as the number needs.
std::string number(const BIGNUM* value, std::size_t size = 0) {
  std::string bytes(size == 0 ? static_cast<std::size_t>(BN_num_bytes(value)) : size, '\0');
  require(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) >= 0);
  return bytes;
}

std::string number(const EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* value = nullptr;
  require(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> owned{value, &BN_free};
  return number(value, size);
}

/// ECDSA's r||s (RFC 7518, section 3.4) of the DER that OpenSSL writes.
std::string raw_pair(std::string_view der, std::size_t size) {
  const auto* at = bytes_of(der);
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair{
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free};
  require(pair != nullptr);
  return number(ECDSA_SIG_get0_r(pair.get()), size) + number(ECDSA_SIG_get0_s(pair.get()), size);
}

/// The members that make the key, in the order in which they are hashed (RFC 7638, section 3.2).
nlohmann::ordered_json required_members(const SignatureAlgorithm& algorithm, const EVP_PKEY* key) {
  if (algorithm.key_type == KeyType::rsa) {
    return {{"e", base64url(number(key, OSSL_PKEY_PARAM_RSA_E))},
            {"kty", "RSA"},
            {"n", base64url(number(key, OSSL_PKEY_PARAM_RSA_N))}};
  }
  const auto size = coordinate_size(algorithm.curve);
  return {{"crv", algorithm.curve},
          {"kty", "EC"},
          {"x", base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_X, size))},
          {"y", base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, size))}};
}

bool is_of(const SignatureAlgorithm& algorithm, const EVP_PKEY* key) {
  if (algorithm.key_type == KeyType::rsa) {
    return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= static_cast<int>(rsa_bits);
  }
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) == 256;
}

Result<const SignatureAlgorithm*> usable(std::string_view name) {
  if (name != "ES256" && name != "RS256") {
    return fail(ErrorCode::usage, "tokens are signed with ES256 or RS256, nothing else");
  }
  return signature_algorithm(name);
}

}  // namespace

SigningKey::SigningKey(const SignatureAlgorithm& algorithm, PublicKeyPointer key)
    : algorithm_{&algorithm}, key_{std::move(key)} {
  auto jwk = required_members(algorithm, key_.get());
  id_ = base64url(view(sha256(jwk.dump())));
  jwk["use"] = "sig";
  jwk["alg"] = algorithm.name;
  jwk["kid"] = id_;
  jwk_ = jwk.dump();
}

Result<SigningKey> SigningKey::generate(std::string_view algorithm) {
  const auto wanted = usable(algorithm);
  if (!wanted) return std::unexpected(wanted.error());
  PublicKeyPointer key{(*wanted)->key_type == KeyType::rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", rsa_bits)
                                                           : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
  require(key != nullptr);
  return SigningKey{**wanted, std::move(key)};
}

Result<SigningKey> SigningKey::read(std::string_view algorithm, std::string_view der) {
  const auto wanted = usable(algorithm);
  if (!wanted) return std::unexpected(wanted.error());
  const auto* at = bytes_of(der);
  PublicKeyPointer key{d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()))};
  ERR_clear_error();
  if (!key || !is_of(**wanted, key.get())) return fail(ErrorCode::conflict, "a signing key in the store is none");
  return SigningKey{**wanted, std::move(key)};
}

config::Secret SigningKey::private_der() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info{EVP_PKEY2PKCS8(key_.get()),
                                                                                       &PKCS8_PRIV_KEY_INFO_free};
  unsigned char* der = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der) : -1;
  require(size > 0);
  config::Secret secret{std::string{reinterpret_cast<char*>(der), static_cast<std::size_t>(size)}};
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return secret;
}

std::string SigningKey::sign(std::string_view type, std::string_view payload) const {
  const nlohmann::ordered_json header = {{"alg", algorithm_->name}, {"kid", id_}, {"typ", type}};
  auto token = base64url(header.dump()) + '.' + base64url(payload);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  std::size_t size = 0;
  // RSA pads by PKCS #1 v1.5 when nothing else is said, as RS256 has it.
  require(context && EVP_DigestSignInit_ex(context.get(), nullptr, algorithm_->digest, nullptr, nullptr, key_.get(),
                                           nullptr) == 1);
  require(EVP_DigestSign(context.get(), nullptr, &size, bytes_of(token), token.size()) == 1);
  std::string signature(size, '\0');
  require(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(token),
                         token.size()) == 1);
  signature.resize(size);
  if (algorithm_->key_type == KeyType::ec) signature = raw_pair(signature, coordinate_size(algorithm_->curve));
  return token += '.' + base64url(signature);
}

}  // namespace runagents::auth
