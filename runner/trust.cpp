#include "runner/trust.hpp"

#include <array>
#include <filesystem>
#include <memory>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "core/config/file_content.hpp"
#include "core/http/system_roots.hpp"

namespace runagents {
namespace {

namespace fs = std::filesystem;

constexpr const char* authority_name = "ca.pem";
constexpr const char* bundle_name = "ca-bundle.pem";
constexpr const char* java_name = "truststore.p12";

/// Further bundles that programs read: OpenSSL's own name for one, and that of Debian's Python.
constexpr std::array other_bundles = {"/usr/lib/ssl/cert.pem", "/usr/lib/python3/dist-packages/certifi/cacert.pem"};
constexpr std::array java_stores = {"/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts",
                                    "/etc/pki/ca-trust/extracted/java/cacerts"};

/// Variables by which programs are told their roots.
constexpr std::array bundle_variables = {"SSL_CERT_FILE",
                                         "REQUESTS_CA_BUNDLE",
                                         "CURL_CA_BUNDLE",
                                         "AWS_CA_BUNDLE",
                                         "GIT_SSL_CAINFO",
                                         "DENO_CERT",
                                         "PIP_CERT",
                                         "npm_config_cafile",
                                         "CARGO_HTTP_CAINFO",
                                         "NIX_SSL_CERT_FILE",
                                         "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
                                         "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"};

/// By this attribute Java takes a certificate in a PKCS#12 file as one to trust.
constexpr const char* java_trusted_key_usage = "2.16.840.1.113894.746875.1.1";

std::string system_bundle() {
  constexpr std::size_t longest = std::size_t{16} << 20U;
  for (const auto* path : http::root_bundles()) {
    const auto file = config::OpenFile::open(path);
    auto text = file ? file->read(longest) : Result<std::string>{};
    if (text && !text->empty()) return *std::move(text);
  }
  return {};
}

struct Pkcs12Deleter {
  void operator()(PKCS12* store) const noexcept { PKCS12_free(store); }
  void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const noexcept {
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  }
  void operator()(STACK_OF(PKCS7) * safes) const noexcept { sk_PKCS7_pop_free(safes, PKCS7_free); }
};

bool add_trusted(STACK_OF(PKCS12_SAFEBAG) * *bags, X509* certificate, const std::string& alias) {
  PKCS12_SAFEBAG* bag = PKCS12_add_cert(bags, certificate);
  // With the length -1 OpenSSL takes the value as an object and not as text.
  const auto* any_usage = reinterpret_cast<const unsigned char*>(OBJ_nid2obj(NID_anyExtendedKeyUsage));
  return bag != nullptr && PKCS12_add_friendlyname_utf8(bag, alias.c_str(), -1) == 1 &&
         PKCS12_add1_attr_by_txt(bag, java_trusted_key_usage, V_ASN1_OBJECT, any_usage, -1) == 1;
}

/// A PKCS#12 store (RFC 7292) without encryption: there is nothing secret in it.
std::string java_store(X509* authority, const std::string& roots) {
  STACK_OF(PKCS12_SAFEBAG)* raw_bags = nullptr;
  bool sound = add_trusted(&raw_bags, authority, "runagents");
  const std::unique_ptr<BIO, int (*)(BIO*)> text{BIO_new_mem_buf(roots.data(), static_cast<int>(roots.size())),
                                                 &BIO_free};
  for (int i = 1; sound; ++i) {
    const http::CertificatePointer root{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)};
    if (!root) break;
    sound = add_trusted(&raw_bags, root.get(), "root" + std::to_string(i));
  }
  ERR_clear_error();
  const std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), Pkcs12Deleter> bags{raw_bags};
  constexpr int not_encrypted = -1;
  STACK_OF(PKCS7)* raw_safes = nullptr;
  sound = sound && PKCS12_add_safe(&raw_safes, bags.get(), not_encrypted, 0, nullptr) == 1;
  const std::unique_ptr<STACK_OF(PKCS7), Pkcs12Deleter> safes{raw_safes};
  const std::unique_ptr<PKCS12, Pkcs12Deleter> store{sound ? PKCS12_add_safes(safes.get(), 0) : nullptr};
  unsigned char* bytes = nullptr;
  const int size = store ? i2d_PKCS12(store.get(), &bytes) : 0;
  std::string out;
  if (size > 0) out.assign(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return out;
}

void add_overlays(Trust& trust, const auto& paths, const char* name) {
  for (const auto* path : paths) {
    std::error_code error;
    const auto target = fs::canonical(path, error);
    if (!error && fs::is_regular_file(target, error)) trust.overlays.emplace_back(target.string(), name);
  }
}

}  // namespace

std::map<std::string, std::string> trust_variables(const std::string& directory, const std::string& java_options) {
  std::map<std::string, std::string> variables;
  for (const auto* name : bundle_variables) variables[name] = directory + "/" + bundle_name;
  variables["NODE_EXTRA_CA_CERTS"] = directory + "/" + authority_name;
  variables["NODE_USE_SYSTEM_CA"] = "1";
  variables["JAVA_TOOL_OPTIONS"] = java_options + (java_options.empty() ? "" : " ") +
                                   "-Djavax.net.ssl.trustStore=" + directory + "/" + java_name +
                                   " -Djavax.net.ssl.trustStoreType=PKCS12";
  return variables;
}

Result<Trust> make_trust(const http::CertificateAuthority& authority, bool keeps_roots) {
  Trust trust;
  const auto pem = authority.certificate_pem();
  const auto roots = system_bundle();
  auto store = java_store(authority.certificate(), keeps_roots ? roots : std::string{});
  if (pem.empty() || store.empty()) return fail(ErrorCode::internal, "this run's certificates cannot be written");
  const bool needs_newline = !roots.empty() && !roots.ends_with('\n');
  trust.files.emplace_back(authority_name, pem);
  trust.files.emplace_back(bundle_name, roots + (needs_newline ? "\n" : "") + pem);
  trust.files.emplace_back(java_name, std::move(store));
  add_overlays(trust, http::root_bundles(), bundle_name);
  add_overlays(trust, other_bundles, bundle_name);
  add_overlays(trust, java_stores, java_name);
  return trust;
}

std::string certificates_directory() {
  std::error_code error;
  const auto path = fs::canonical("/etc/ssl/certs", error);
  return !error && fs::is_directory(path, error) ? path.string() : std::string{};
}

}  // namespace runagents
