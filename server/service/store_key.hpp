#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "core/auth/sealer.hpp"
#include "core/error.hpp"

namespace runagents::server {

/// The key of the store, looked for in the data directory when it is first needed: most commands seal nothing. Of one
/// thread.
class StoreKey {
 public:
  explicit StoreKey(std::filesystem::path data_directory) : data_directory_{std::move(data_directory)} {}

  /// Valid as long as this object. Blocks.
  [[nodiscard]] Result<auth::Sealer*> sealer();

 private:
  std::filesystem::path data_directory_;
  std::optional<auth::Sealer> sealer_;
};

}  // namespace runagents::server
