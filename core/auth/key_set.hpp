#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/verification_key.hpp"

namespace runagents::auth {

/// A JWK Set (RFC 7517, section 5), reduced to the keys that can verify a signature here.
class KeySet {
 public:
  static constexpr std::size_t max_bytes = std::size_t{256} << 10U;
  static constexpr std::size_t max_keys = 64;
  /// So many signatures are verified at most to find the key of one token.
  static constexpr std::size_t max_candidates = 8;

  /// Keys that are of no use here are left out. A text that is no key set, is too large, has too many keys or none that
  /// is of use is a failure; its reason is for a person.
  [[nodiscard]] static std::expected<KeySet, std::string> parse(std::string_view text);

  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }
  [[nodiscard]] bool has(std::string_view id) const noexcept;

  /// The keys that a signature with this algorithm may be from: those with this id, or, without an id, all that go with
  /// the algorithm. Empty when they are more than `max_candidates`.
  [[nodiscard]] std::vector<const VerificationKey*> candidates(const SignatureAlgorithm& algorithm,
                                                               const std::string* id) const;

 private:
  std::vector<VerificationKey> keys_;
};

}  // namespace runagents::auth
