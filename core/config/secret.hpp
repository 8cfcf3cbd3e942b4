#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/secret_reference.hpp"

namespace runagents::config {

/// Reads "env:NAME" and its like. A text without a known scheme is refused, and the hint tells how to store a literal.
[[nodiscard]] Result<model::SecretReference> parse_secret_reference(std::string_view text);

/// A secret's value. It is wiped when it goes, is not copied, and has no way into a stream or a formatter.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) noexcept;
  ~Secret();
  Secret(Secret&&) noexcept;
  Secret& operator=(Secret&&) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// The bytes, valid as long as this object is neither moved nor destroyed.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

 private:
  std::string value_;
};

/// A longer value is no secret.
inline constexpr std::size_t max_secret_bytes = std::size_t{64} * 1024;

/// Overwrites the bytes of a text that held a secret, and empties it.
void wipe(std::string& text) noexcept;

/// The secret in a text that somebody wrote: newlines at its end are not part of it. Refused: nothing, several lines,
/// control characters, more than 64 KiB. The error's message continues a sentence ("gives an empty value"). `text` is
/// wiped.
[[nodiscard]] Result<Secret> secret_in(std::string& text);

/// Reads the secret of that name from the encrypted store. Blocks.
using StoredSecrets = std::function<Result<Secret>(std::string_view name)>;

/// Resolves a reference. Blocks (files, processes): call it on a worker. Relative paths start at `directory`. `exec:`
/// runs without a shell, split as a POSIX shell would split plain and quoted words, with `time_limit`; its first output
/// line is the value. A file that group or others can read is refused. Values with control characters are refused;
/// trailing newlines are not part of a value. `store:` asks `stored`. The error names the reference, never the value.
[[nodiscard]] Result<Secret> resolve(const model::SecretReference& reference, const std::filesystem::path& directory,
                                     std::chrono::milliseconds time_limit = std::chrono::seconds{30},
                                     const StoredSecrets& stored = {});

}  // namespace runagents::config
