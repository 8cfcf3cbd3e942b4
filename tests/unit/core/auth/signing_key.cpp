#include "signing_key.hpp"

#include <array>
#include <map>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdexcept>

#include "core/auth/base64.hpp"

namespace runagents::tests {
namespace {

using auth::base64url;
using nlohmann::json;

std::shared_ptr<EVP_PKEY> make(const std::string& algorithm) {
  EVP_PKEY* key = nullptr;
  if (algorithm == "EdDSA") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else if (algorithm == "Ed448") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448");
  } else if (algorithm.starts_with("ES")) {
    const auto* curve = algorithm == "ES256" ? "P-256" : algorithm == "ES384" ? "P-384" : "P-521";
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve);
  } else {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
  }
  if (key == nullptr) throw std::runtime_error{"no key"};
  return {key, &EVP_PKEY_free};
}

std::string number(EVP_PKEY* key, const char* name, int size) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, name, &value);
  std::string bytes(static_cast<std::size_t>(size > 0 ? size : BN_num_bytes(value)), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(value);
  return base64url(bytes);
}

int coordinate(const std::string& algorithm) { return algorithm == "ES256" ? 32 : algorithm == "ES384" ? 48 : 66; }

/// Of DER, r and s.
std::string raw(const std::string& der, int size) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> parsed{
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free};
  std::string bytes(static_cast<std::size_t>(2 * size), '\0');
  auto* out = reinterpret_cast<unsigned char*>(bytes.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, size);
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + size, size);
  return bytes;
}

}  // namespace

SigningKey SigningKey::of(std::string_view algorithm) {
  static std::map<std::string, std::shared_ptr<EVP_PKEY>> made;
  SigningKey result;
  result.algorithm_ = algorithm;
  auto& key = made[algorithm.starts_with("RS") || algorithm.starts_with("PS") ? "RSA" : result.algorithm_];
  if (!key) key = make(result.algorithm_);
  result.key_ = key;
  return result;
}

json SigningKey::jwk(std::string_view id) const {
  json result = {{"kid", id}};
  if (algorithm_.starts_with("Ed")) {
    std::array<unsigned char, 57> bytes{};
    std::size_t size = bytes.size();
    EVP_PKEY_get_raw_public_key(key_.get(), bytes.data(), &size);
    result["kty"] = "OKP";
    result["crv"] = algorithm_ == "EdDSA" ? "Ed25519" : "Ed448";
    result["x"] = base64url({reinterpret_cast<const char*>(bytes.data()), size});
  } else if (algorithm_.starts_with("ES")) {
    const auto size = coordinate(algorithm_);
    result["kty"] = "EC";
    result["crv"] = algorithm_ == "ES256" ? "P-256" : algorithm_ == "ES384" ? "P-384" : "P-521";
    result["x"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size);
    result["y"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size);
  } else {
    result["kty"] = "RSA";
    result["n"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0);
    result["e"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0);
  }
  return result;
}

std::string SigningKey::sign(std::string_view input) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  EVP_PKEY_CTX* options = nullptr;
  const auto digest = algorithm_.starts_with("Ed") ? std::string{} : "SHA" + algorithm_.substr(2);
  EVP_DigestSignInit_ex(context.get(), &options, digest.empty() ? nullptr : digest.c_str(), nullptr, nullptr,
                        key_.get(), nullptr);
  if (algorithm_.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size());
  std::string signature(size, '\0');
  EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes, input.size());
  signature.resize(size);
  return algorithm_.starts_with("ES") ? raw(signature, coordinate(algorithm_)) : signature;
}

std::string SigningKey::token(std::string_view header, std::string_view payload) const {
  auto text = base64url(header) + "." + base64url(payload);
  return text + "." + base64url(sign(text));
}

std::string SigningKey::issue(std::string_view id, const json& claims) const {
  const auto name = algorithm_ == "Ed448" ? "EdDSA" : algorithm_;
  return token(json{{"alg", name}, {"kid", id}}.dump(), std::string_view{claims.dump()});
}

std::string SigningKey::public_pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory{BIO_new(BIO_s_mem()), &BIO_free};
  PEM_write_bio_PUBKEY(memory.get(), key_.get());
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace runagents::tests
