#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"
#include "core/model/run.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// Runs and their events. Ids may be given as prefixes where a person gives them (all but create and append_events).
class Runs {
 public:
  explicit Runs(store::Database& database) : database_{database} {}

  [[nodiscard]] Result<model::Run> create(model::Run run);
  [[nodiscard]] Result<model::Run> change(std::string_view id, const api::RunChange& change);
  [[nodiscard]] Result<model::Run> get(std::string_view id);
  /// Newest first.
  [[nodiscard]] Result<std::vector<model::Run>> list(const api::RunFilter& filter);
  [[nodiscard]] Result<model::Run> cancel(std::string_view id);

  /// Stores what is new of these journal lines; a gap is a conflict.
  [[nodiscard]] Result<void> append_events(const std::string& id, std::span<const std::string_view> lines);
  /// Waits for the first event up to `query.wait`, unless the run has ended.
  [[nodiscard]] Result<std::vector<std::string>> events(std::string_view id, const api::EventQuery& query);

  /// Closes every run whose runner is gone (nobody holds its journal): brings in the rest of its journal and makes it
  /// FAILED, "runner lost". Costs one query when no run is open. Several processes may do it at once.
  [[nodiscard]] Result<void> recover();

 private:
  [[nodiscard]] Result<void> close_lost(const std::string& id, const std::string& journal);

  store::Database& database_;
};

}  // namespace runagents::server
