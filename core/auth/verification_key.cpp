#include "core/auth/verification_key.hpp"

#include <algorithm>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/public_key.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::auth {
namespace {

using nlohmann::json;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Empty when the member is missing or not base64url: no number or coordinate has no bytes.
std::string bytes_member(const json& jwk, std::string_view name) {
  const auto* text = text_member(jwk, name);
  return text == nullptr ? std::string{} : from_base64url(*text).value_or(std::string{});
}

std::optional<KeyType> key_type(const json& jwk) {
  const auto* kty = text_member(jwk, "kty");
  if (kty == nullptr) return std::nullopt;
  if (*kty == "RSA") return KeyType::rsa;
  if (*kty == "EC") return KeyType::ec;
  return *kty == "OKP" ? std::optional{KeyType::octet_pair} : std::nullopt;
}

PublicKeyResult public_key(KeyType type, std::string_view curve, const json& jwk) {
  switch (type) {
    case KeyType::rsa:
      return rsa_public_key(bytes_member(jwk, "n"), bytes_member(jwk, "e"));
    case KeyType::ec:
      return ec_public_key(curve, bytes_member(jwk, "x"), bytes_member(jwk, "y"));
    case KeyType::octet_pair:
      return edwards_public_key(curve, bytes_member(jwk, "x"));
  }
  return std::unexpected("the type is unknown");
}

bool may_verify(const json& jwk) {
  if (jwk.contains("use")) {
    const auto* use = text_member(jwk, "use");
    if (use == nullptr || *use != "sig") return false;
  }
  const auto operations = jwk.find("key_ops");
  if (operations == jwk.end()) return true;
  return operations->is_array() && std::ranges::find(*operations, json("verify")) != operations->end();
}

/// ECDSA's r||s (RFC 7518, section 3.4) as the DER that OpenSSL takes. Empty when the length is wrong; OpenSSL refuses
/// numbers that are out of range.
std::string der_of(std::string_view signature, std::size_t size) {
  if (signature.size() != 2 * size) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair{ECDSA_SIG_new(), &ECDSA_SIG_free};
  auto* r = BN_bin2bn(bytes_of(signature), static_cast<int>(size), nullptr);
  auto* s = BN_bin2bn(bytes_of(signature.substr(size)), static_cast<int>(size), nullptr);
  if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(pair.get(), &der);
  std::string result = length > 0 ? std::string{reinterpret_cast<char*>(der), static_cast<std::size_t>(length)} : "";
  OPENSSL_free(der);
  return result;
}

bool set_padding(EVP_PKEY_CTX* context, Padding padding) {
  if (padding == Padding::none) return true;
  if (padding == Padding::pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  // The salt is as long as the digest, and MGF1 uses the same digest (RFC 7518, section 3.5).
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

std::expected<VerificationKey, std::string> VerificationKey::read(const json& jwk) {
  const auto type = jwk.is_object() ? key_type(jwk) : std::nullopt;
  if (!type) return std::unexpected("the type is not one of RSA, EC and OKP");
  if (!may_verify(jwk)) return std::unexpected("it is not meant for signatures");
  VerificationKey result;
  result.type_ = *type;
  if (const auto* curve = text_member(jwk, "crv"); curve != nullptr && *type != KeyType::rsa) result.curve_ = *curve;
  if (const auto id = jwk.find("kid"); id != jwk.end()) {
    if (!id->is_string()) return std::unexpected("the key id is not a text");
    result.id_ = id->get<std::string>();
  }
  auto key = public_key(*type, result.curve_, jwk);
  if (!key) return std::unexpected(std::move(key.error()));
  result.key_ = *std::move(key);
  result.coordinate_size_ = coordinate_size(result.curve_);
  if (!jwk.contains("alg")) return result;
  const auto* name = text_member(jwk, "alg");
  const auto* algorithm = name == nullptr ? nullptr : signature_algorithm(*name);
  if (algorithm == nullptr || !result.is_for(*algorithm)) {
    return std::unexpected("its algorithm is unknown or not one for such a key");
  }
  result.algorithm_ = algorithm;
  return result;
}

bool VerificationKey::is_for(const SignatureAlgorithm& algorithm) const noexcept {
  return algorithm.key_type == type_ && (algorithm.curve.empty() || algorithm.curve == curve_) &&
         (algorithm_ == nullptr || algorithm_ == &algorithm);
}

bool VerificationKey::verifies(const SignatureAlgorithm& algorithm, std::string_view input,
                               std::string_view signature) const {
  if (!is_for(algorithm)) return false;
  std::string der;
  if (type_ == KeyType::ec) signature = der = der_of(signature, coordinate_size_);
  if (signature.empty()) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  EVP_PKEY_CTX* options = nullptr;
  const bool is_right =
      context &&
      EVP_DigestVerifyInit_ex(context.get(), &options, algorithm.digest, nullptr, nullptr, key_.get(), nullptr) == 1 &&
      set_padding(options, algorithm.padding) &&
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(input), input.size()) == 1;
  // What OpenSSL says of a bad signature would be taken for the reason of a later failure of TLS.
  ERR_clear_error();
  return is_right;
}

}  // namespace runagents::auth
