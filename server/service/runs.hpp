#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/audit/journal_reader.hpp"
#include "core/error.hpp"
#include "core/model/run.hpp"
#include "core/store/database.hpp"

namespace runagents::server {

/// Where the journals of runs are: on this machine, for the embedded store, or with the runners that tell a server of
/// their runs. A server opens no file that a client has named.
enum class Journals { here, elsewhere };

/// Runs and their events. Ids may be given as prefixes where a person gives them (all but create and append_events).
class Runs {
 public:
  explicit Runs(store::Database& database, Journals journals = Journals::here)
      : database_{database}, journals_{journals} {}

  [[nodiscard]] Result<model::Run> create(model::Run run);
  [[nodiscard]] Result<model::Run> change(std::string_view id, const api::RunChange& change);
  [[nodiscard]] Result<model::Run> get(std::string_view id);
  /// Newest first.
  [[nodiscard]] Result<std::vector<model::Run>> list(const api::RunFilter& filter);
  [[nodiscard]] Result<model::Run> cancel(std::string_view id);

  /// Stores what is new of these journal lines, for a run whose journal is elsewhere; a gap is a conflict.
  [[nodiscard]] Result<void> append_events(const std::string& id, std::span<const std::string_view> lines);
  struct Events {
    std::vector<std::string> lines;
    bool is_complete = false;  ///< the run has ended: there will be no more
  };
  /// What is there now, whatever `query.wait` says. Events of a run whose journal is on this machine are read from
  /// there, others from the store.
  [[nodiscard]] Result<Events> events(std::string_view id, const api::EventQuery& query);

  /// Closes every run whose runner is gone (nobody holds its journal): brings in the rest of its journal and makes it
  /// FAILED, "runner lost". Costs one query when no run is open. Several processes may do it at once.
  [[nodiscard]] Result<void> recover();

 private:
  /// A journal on this machine that somebody follows, and how far: the next look starts there.
  struct Followed {
    std::string run_id;
    std::uint64_t seq = 0;
    audit::JournalReader journal;
  };

  [[nodiscard]] Result<void> close_lost(const std::string& id, const std::string& journal);
  [[nodiscard]] Result<std::vector<std::string>> load_events(const model::Run& run, const api::EventQuery& query);

  store::Database& database_;
  Journals journals_;
  std::optional<Followed> followed_;
};

}  // namespace runagents::server
