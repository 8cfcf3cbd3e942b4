#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"

struct sqlite3;

namespace runagents::store {

/// A look at a SQLite store that leaves no trace: nothing is created, migrated, locked against writers or folded in.
/// Waits for nobody longer than 100 ms. What a store of another version does not have is an error. Not thread-safe.
class Glance {
 public:
  /// ErrorCode::not_found when there is no store.
  [[nodiscard]] static Result<Glance> open(const std::filesystem::path& file);

  /// All columns of all rows as texts; NULL is an empty one. `parameters` are for "?", in order.
  [[nodiscard]] Result<std::vector<std::vector<std::string>>> rows(const std::string& sql,
                                                                   std::span<const std::string> parameters = {});

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  explicit Glance(sqlite3* connection) : connection_{connection} {}

  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace runagents::store
