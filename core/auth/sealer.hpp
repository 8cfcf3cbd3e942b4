#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::auth {

/// Seals what the store keeps: AES-256-GCM (NIST SP 800-38D) under the key of the data directory, with a nonce of 96
/// random bits for each value. A sealed value names the version of this format and the key, so that keys can be
/// changed. It is base64url text. Any thread; copies share the key.
class Sealer {
 public:
  ~Sealer();
  Sealer(const Sealer&);
  Sealer& operator=(const Sealer&);
  Sealer(Sealer&&) noexcept;
  Sealer& operator=(Sealer&&) noexcept;

  /// Seals under the newest key. `associated_data` names the place of the value (table, row, column); it is not part of
  /// the result, and `open` must be told the same. Call it inside of the transaction that writes the value: then a
  /// change of the key that is under way either finds the value or has told the new key already.
  [[nodiscard]] std::string seal(std::string_view plain, std::string_view associated_data) const;

  /// The value; ErrorCode::conflict when it was changed, belongs to another place, or was sealed under a key that is
  /// not here. Whoever holds the result wipes it.
  [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view associated_data) const;

  /// Whether the value was sealed under what is the newest key now. Whoever seals outside of the transaction that
  /// writes the value asks after it: a change of the key that began before is known by then, and one that begins later
  /// finds the value.
  [[nodiscard]] bool is_newest(std::string_view sealed) const;

  /// Changes the key. `seal_again` opens and seals every value in one durable transaction; while it runs, this sealer
  /// has both keys, and so has every process that looks. The old key goes only after it has succeeded: at whatever step
  /// the process dies, everything can be read, and the change can be done again. Of several processes that change the
  /// key at the same time one waits for the other. Blocks.
  [[nodiscard]] Result<void> change_key(const std::function<Result<void>()>& seal_again);

 private:
  struct State;
  explicit Sealer(std::shared_ptr<State> state);
  friend Result<Sealer> open_sealer(const std::filesystem::path& data_directory);

  std::shared_ptr<State> state_;
};

/// Where the key of a data directory is.
[[nodiscard]] std::filesystem::path key_file_of(const std::filesystem::path& data_directory);

/// The sealer of a data directory. Its key is in the file `store.key` there (mode 0600), which is made when there is
/// none, once for all processes that ask at the same time. The directory must exist. Blocks.
[[nodiscard]] Result<Sealer> open_sealer(const std::filesystem::path& data_directory);

}  // namespace runagents::auth
