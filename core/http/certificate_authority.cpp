#include "core/http/certificate_authority.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace runagents::http {
namespace {

constexpr long day = 24L * 60 * 60;
constexpr long authority_days = 365;
constexpr long leaf_days = 14;
/// A clock inside a virtual machine may be behind this one.
constexpr long backdated = day;
/// A leaf that is kept is replaced this long before its end.
constexpr long renewed_before = 2 * day;

KeyPointer new_key() { return KeyPointer{EVP_EC_gen("P-256")}; }

bool set_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> number{BN_new(), &BN_free};
  // RFC 5280, 4.1.2.2: positive, at most 20 octets.
  return number && BN_rand(number.get(), 126, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_validity(X509* certificate, long days) {
  return X509_gmtime_adj(X509_getm_notBefore(certificate), -backdated) != nullptr &&
         X509_time_adj_ex(X509_getm_notAfter(certificate), static_cast<int>(days), 0, nullptr) != nullptr;
}

bool set_name(X509_NAME* name, const char* field, std::string_view value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

/// Built as a structure and not from a text, in which a comma of a name would begin another name.
bool add_alternative_name(X509* certificate, const std::string& host, bool critical) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names{GENERAL_NAMES_new(), &GENERAL_NAMES_free};
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* text = ASN1_IA5STRING_new();
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
    ASN1_STRING_set(text, address.data(), sizeof(in_addr));
    GENERAL_NAME_set0_value(name, GEN_IPADD, text);
  } else if (inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
    ASN1_STRING_set(text, address.data(), sizeof(in6_addr));
    GENERAL_NAME_set0_value(name, GEN_IPADD, text);
  } else {
    ASN1_STRING_set(text, host.data(), static_cast<int>(host.size()));
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
  }
  return sk_GENERAL_NAME_push(names.get(), name) > 0 &&
         X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

CertificatePointer blank(long days, EVP_PKEY* key) {
  CertificatePointer certificate{X509_new()};
  const bool made = certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                    set_serial(certificate.get()) && set_validity(certificate.get(), days) &&
                    X509_set_pubkey(certificate.get(), key) == 1;
  return made ? std::move(certificate) : nullptr;
}

bool is_fresh(const X509* certificate) {
  std::time_t limit = std::time(nullptr) + renewed_before;
  return X509_cmp_time(X509_get0_notAfter(certificate), &limit) > 0;
}

}  // namespace

void CertificateDeleter::operator()(X509* certificate) const noexcept { X509_free(certificate); }
void CertificateDeleter::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

CertificateAuthority::CertificateAuthority(KeyPointer key, CertificatePointer certificate)
    : key_{std::move(key)}, certificate_{std::move(certificate)} {}

Result<CertificateAuthority> CertificateAuthority::create(const std::string& name) {
  ERR_clear_error();
  auto key = new_key();
  auto certificate = key ? blank(authority_days, key.get()) : nullptr;
  X509* raw = certificate.get();
  const bool made =
      raw != nullptr && set_name(X509_get_subject_name(raw), "O", "runagents") &&
      set_name(X509_get_subject_name(raw), "CN", name) && X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1 &&
      add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(raw, raw, NID_subject_key_identifier, "hash") && X509_sign(raw, key.get(), EVP_sha256()) > 0;
  if (!made) return fail(ErrorCode::internal, "no certificate authority can be made for this run");
  return CertificateAuthority{std::move(key), std::move(certificate)};
}

std::string CertificateAuthority::certificate_pem() const {
  const std::unique_ptr<BIO, int (*)(BIO*)> memory{BIO_new(BIO_s_mem()), &BIO_free};
  if (!memory || PEM_write_bio_X509(memory.get(), certificate_.get()) != 1) return {};
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string CertificateAuthority::hash_link() const {
  std::array<char, 32> name{};
  const auto hash = X509_NAME_hash_ex(X509_get_subject_name(certificate_.get()), nullptr, nullptr, nullptr);
  std::snprintf(name.data(), name.size(), "%08lx.0", hash);
  return name.data();
}

CertificatePointer CertificateAuthority::mint(const std::string& host) const {
  auto leaf = blank(leaf_days, leaf_key_.get());
  X509* raw = leaf.get();
  X509* issuer = certificate_.get();
  // A common name ends at 64 characters (RFC 5280, appendix A.1); without a subject the alternative name is critical.
  const bool has_subject = host.size() <= 64;
  const bool made = raw != nullptr && (!has_subject || set_name(X509_get_subject_name(raw), "CN", host)) &&
                    X509_set_issuer_name(raw, X509_get_subject_name(issuer)) == 1 &&
                    add_extension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(raw, issuer, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(raw, issuer, NID_ext_key_usage, "serverAuth") &&
                    add_extension(raw, issuer, NID_subject_key_identifier, "hash") &&
                    add_extension(raw, issuer, NID_authority_key_identifier, "keyid:always") &&
                    add_alternative_name(raw, host, !has_subject) && X509_sign(raw, key_.get(), EVP_sha256()) > 0;
  return made ? std::move(leaf) : nullptr;
}

X509* CertificateAuthority::leaf(const std::string& host) {
  const auto known = leaves_.find(host);
  if (known != leaves_.end() && is_fresh(known->second.get())) return known->second.get();
  if (!leaf_key_) leaf_key_ = new_key();
  auto minted = leaf_key_ ? mint(host) : nullptr;
  if (!minted) return nullptr;
  // Whoever asks for name after name is not worth remembering.
  if (leaves_.size() >= max_leaves) leaves_.clear();
  return leaves_.insert_or_assign(host, std::move(minted)).first->second.get();
}

}  // namespace runagents::http
