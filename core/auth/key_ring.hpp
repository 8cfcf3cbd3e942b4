#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::auth {

/// Bytes of a key of AES-256, and of the id by which a sealed value names its key.
inline constexpr std::size_t key_bytes = 32;
inline constexpr std::size_t key_id_bytes = 4;

/// The keys of the encrypted store. The first one seals; the others are there while values that they have sealed are.
struct KeyRing {
  std::vector<config::Secret> keys;

  /// The key with that id; null: it is not here.
  [[nodiscard]] const config::Secret* find(std::string_view id) const;
  /// Adds the keys of `other` that are not here, and puts its first one first.
  void adopt(const KeyRing& other);
};

[[nodiscard]] config::Secret new_key();
/// The first bytes of a hash of the key, so that a damaged key is found out.
[[nodiscard]] std::string key_id(const config::Secret& key);
[[nodiscard]] config::Secret copy(const config::Secret& secret);

/// What tells one state of a key file from the next; it is replaced, never changed in place.
struct KeyFileVersion {
  unsigned long long inode = 0;
  long long seconds = 0;
  long nanoseconds = 0;
  bool operator==(const KeyFileVersion&) const = default;
};

/// A file with the keys of the store, one line for each: its id in hexadecimal digits, a blank, the key in base64url.
/// Mode 0600 and the user's own; one that others can use, that is a link, or that is damaged is refused. Blocks; any
/// thread.
class KeyFile {
 public:
  explicit KeyFile(std::filesystem::path path) : path_{std::move(path)} {}

  /// Reads the keys. Without a file ErrorCode::not_found.
  [[nodiscard]] Result<KeyRing> load(KeyFileVersion* version = nullptr) const;
  /// Makes the file with a new key, unless another process is first; then that one's key is what everybody uses.
  [[nodiscard]] Result<void> create() const;
  /// Puts other keys in place of what the file holds, at once and durably.
  [[nodiscard]] Result<void> replace(const KeyRing& ring) const;
  [[nodiscard]] KeyFileVersion version() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace runagents::auth
