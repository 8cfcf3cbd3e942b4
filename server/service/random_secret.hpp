#pragma once

#include <string>
#include <string_view>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/config/secret.hpp"

namespace runagents::server {

/// A secret that nobody can guess: the prefix, and 256 random bits in base64url.
[[nodiscard]] inline config::Secret new_secret(std::string_view prefix) {
  auto bytes = auth::random_bytes(32);
  auto digits = auth::base64url(bytes);
  config::wipe(bytes);
  std::string text{prefix};
  text += digits;
  config::wipe(digits);
  return config::Secret{std::move(text)};
}

/// What the store has of such a secret: its SHA-256 in hexadecimal digits. A slow hash with salt would protect what
/// people choose; against 256 random bits there is nothing to try.
[[nodiscard]] inline std::string digest_of(std::string_view secret) { return auth::hex(auth::sha256(secret)); }

}  // namespace runagents::server
