#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/service/policy_set.hpp"

namespace runagents::server {

/// The current policies of one store, compiled again only when they have changed. Threads share it.
class PolicySets {
 public:
  /// Asks the store for the version of its policies, one row by its key, at every call: a change counts at once, on
  /// whichever replica it was made. An error means that nobody can say what is allowed.
  [[nodiscard]] Result<std::shared_ptr<const PolicySet>> current(store::Database& database);

 private:
  std::mutex mutex_;
  std::optional<std::uint64_t> version_;
  std::shared_ptr<const PolicySet> set_;
};

}  // namespace runagents::server
