#pragma once

#include <filesystem>
#include <span>
#include <vector>

namespace runagents::http {

/// The files in which distributions keep the roots that a machine trusts, in the order in which they are looked for:
/// those of Go's crypto/x509, which are Debian's, Fedora's, openSUSE's, Arch's and Alpine's. Not all exist anywhere.
[[nodiscard]] std::span<const char* const> root_bundles() noexcept;

/// What to read when OpenSSL has no roots by itself: `candidates` (`root_bundles`) without those that are no file. None
/// where SSL_CERT_FILE or SSL_CERT_DIR says which roots are trusted, or one of the places that OpenSSL was built for,
/// `file` and `directory`, holds anything. A program of another distribution was built for another place.
[[nodiscard]] std::vector<std::filesystem::path> bundles_to_read(const std::filesystem::path& file,
                                                                 const std::filesystem::path& directory,
                                                                 std::span<const char* const> candidates);

}  // namespace runagents::http
