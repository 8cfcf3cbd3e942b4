#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace runagents::auth {

using Sha256 = std::array<unsigned char, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);
/// RFC 2104 with SHA-256.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

[[nodiscard]] inline std::string_view view(const Sha256& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
/// In lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] inline std::string hex(const Sha256& digest) { return hex(view(digest)); }

/// Bytes that nobody can guess, from the system's generator.
[[nodiscard]] std::string random_bytes(std::size_t size);

/// Compares in a time that does not depend on where the first difference is; lengths are no secret.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept;

}  // namespace runagents::auth
