#pragma once

#include <string>
#include <string_view>

namespace runagents::model {

/// Names a secret without holding it: `env:NAME`, `file:PATH`, `store:NAME`, `exec:CMD ARG...`,
/// `keyring:SERVICE/ACCOUNT`.
struct SecretReference {
  enum class Kind { env, file, store, exec, keyring };

  Kind kind = Kind::env;
  std::string value;  ///< what stands after the colon

  /// The reference as it was written; safe to print.
  [[nodiscard]] std::string to_string() const;

  bool operator==(const SecretReference&) const = default;
};

[[nodiscard]] std::string_view word(SecretReference::Kind kind) noexcept;

}  // namespace runagents::model
