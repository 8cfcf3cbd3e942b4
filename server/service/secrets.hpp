#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/sealer.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/stored_secret.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// The secrets of the store, each sealed together with its name.
class Secrets {
 public:
  /// The key is looked for in `data_directory` when it is first needed.
  Secrets(store::Database& database, std::filesystem::path data_directory)
      : database_{database}, data_directory_{std::move(data_directory)} {}

  /// Creates or replaces.
  [[nodiscard]] Result<model::StoredSecret> put(const std::string& name, const config::Secret& value);
  [[nodiscard]] Result<model::StoredSecret> get(const std::string& name);
  [[nodiscard]] Result<std::vector<model::StoredSecret>> list();
  [[nodiscard]] Result<void> remove(const std::string& name);
  [[nodiscard]] Result<config::Secret> reveal(const std::string& name);
  /// Gives the store a new key and seals everything in it again; see auth::Sealer::change_key. Returns how many values.
  [[nodiscard]] Result<std::uint64_t> rotate_key();

 private:
  [[nodiscard]] Result<auth::Sealer> sealer();

  store::Database& database_;
  std::filesystem::path data_directory_;
  std::optional<auth::Sealer> sealer_;
};

}  // namespace runagents::server
