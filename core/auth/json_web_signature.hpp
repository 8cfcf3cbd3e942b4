#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/auth/key_set.hpp"

namespace runagents::auth {

/// A JWS in compact serialisation (RFC 7515, section 7.1) whose header is one that can be accepted. Nothing in it is to
/// be believed before `verify_signature`.
struct JsonWebSignature {
  static constexpr std::size_t max_bytes = std::size_t{16} << 10U;

  const SignatureAlgorithm* algorithm = nullptr;  ///< never null
  std::optional<std::string> key_id;
  std::optional<std::string> type;  ///< `typ` as it is written
  std::string payload;
  std::string_view signing_input;  ///< points into the text
  std::string signature;
};

/// Takes a token apart. Refuses all but three parts of strict base64url; a header that is not one strict JSON object;
/// an `alg` that is no digital signature; the members `crit`, `b64`, `jwk`, `jku`, `x5u`, `x5c`, which would let a
/// token choose how it is read or whose key verifies it. `text` has to outlive the result. The failure's reason repeats
/// nothing but the algorithm.
[[nodiscard]] std::expected<JsonWebSignature, std::string> parse_compact(std::string_view text);

/// Whether a key of the set signed it.
[[nodiscard]] bool verify_signature(const JsonWebSignature& jws, const KeySet& keys);

/// A text that a stranger wrote, for a message: at most 64 characters, those that do not print as "?".
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace runagents::auth
