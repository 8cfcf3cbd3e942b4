#include "core/http/system_roots.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <system_error>

namespace runagents::http {
namespace {

namespace fs = std::filesystem;

constexpr std::array bundles = {"/etc/ssl/certs/ca-certificates.crt",
                                "/etc/pki/tls/certs/ca-bundle.crt",
                                "/etc/ssl/ca-bundle.pem",
                                "/etc/pki/tls/cacert.pem",
                                "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
                                "/etc/ssl/cert.pem"};

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool holds_anything(const fs::path& directory) {
  std::error_code error;
  const bool empty = fs::is_empty(directory, error);
  return !error && !empty;
}

}  // namespace

std::span<const char* const> root_bundles() noexcept { return bundles; }

std::vector<fs::path> bundles_to_read(const fs::path& file, const fs::path& directory,
                                      std::span<const char* const> candidates) {
  if (is_set("SSL_CERT_FILE") || is_set("SSL_CERT_DIR")) return {};
  if (is_file(file) || holds_anything(directory)) return {};
  std::vector<fs::path> found;
  std::ranges::copy_if(candidates, std::back_inserter(found), is_file);
  return found;
}

}  // namespace runagents::http
