#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/stored_secret.hpp"
#include "core/store/database.hpp"
#include "server/service/actor.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// The secrets of the store, each sealed together with its name.
class Secrets {
 public:
  Secrets(store::Database& database, StoreKey& key) : database_{database}, key_{key} {}

  /// Creates or replaces. Like every change, it stands in the audit log, by name and without the value.
  [[nodiscard]] Result<model::StoredSecret> put(const Actor& actor, const std::string& name,
                                                const config::Secret& value);
  [[nodiscard]] Result<model::StoredSecret> get(const std::string& name);
  [[nodiscard]] Result<std::vector<model::StoredSecret>> list();
  [[nodiscard]] Result<void> remove(const Actor& actor, const std::string& name);
  [[nodiscard]] Result<config::Secret> reveal(const std::string& name);
  /// Gives the store a new key and seals everything in it again; see auth::Sealer::change_key. Returns how many values.
  [[nodiscard]] Result<std::uint64_t> rotate_key(const Actor& actor);

 private:
  store::Database& database_;
  StoreKey& key_;
};

}  // namespace runagents::server
