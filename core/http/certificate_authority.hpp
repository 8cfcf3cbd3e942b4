#pragma once

#include <map>
#include <memory>
#include <openssl/types.h>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::http {

struct CertificateDeleter {
  void operator()(X509* certificate) const noexcept;
  void operator()(EVP_PKEY* key) const noexcept;
};
using CertificatePointer = std::unique_ptr<X509, CertificateDeleter>;
using KeyPointer = std::unique_ptr<EVP_PKEY, CertificateDeleter>;

/// A certificate authority (RFC 5280) whose key exists in this process only: ECDSA on P-256. Mints certificates for
/// servers, which share one key of their own, and keeps them. Of one thread.
class CertificateAuthority {
 public:
  /// A new authority with a new key, valid for a year. `name` becomes its common name.
  [[nodiscard]] static Result<CertificateAuthority> create(const std::string& name);

  [[nodiscard]] X509* certificate() const noexcept { return certificate_.get(); }
  [[nodiscard]] std::string certificate_pem() const;
  /// The name under which OpenSSL looks for the authority in a directory (X509_NAME_hash_ex), "5ed36f99.0".
  [[nodiscard]] std::string hash_link() const;

  /// A certificate for `host` (a canonical DNS name, or an IP literal without brackets), valid for some days and minted
  /// when first asked for; null when it cannot be made. Belongs to this object; good until the next call.
  [[nodiscard]] X509* leaf(const std::string& host);
  /// The key of every leaf; there is one when a leaf has been asked for.
  [[nodiscard]] EVP_PKEY* leaf_key() const noexcept { return leaf_key_.get(); }

  /// How many leaves are kept; with more they are minted anew.
  static constexpr std::size_t max_leaves = 512;

 private:
  CertificateAuthority(KeyPointer key, CertificatePointer certificate);
  [[nodiscard]] CertificatePointer mint(const std::string& host) const;

  KeyPointer key_;
  KeyPointer leaf_key_;
  CertificatePointer certificate_;
  std::map<std::string, CertificatePointer, std::less<>> leaves_;
};

}  // namespace runagents::http
