#pragma once

#include <chrono>
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
#include "server/principal.hpp"
#include "server/service/actor.hpp"

namespace runagents::server {

/// Where the journals of runs are: on this machine, for the embedded store, or with the runners that tell a server of
/// their runs. A server opens no file that a client has named.
enum class Journals { here, elsewhere };

/// Runs and their events. Ids may be given as prefixes where a person gives them (all but create and append_events).
/// Who may do what: see run_access.hpp; to whom a run is not shown, it is not there.
///
/// Of a run whose journal is elsewhere nothing is heard when its runner dies. It counts as lost when nothing was heard
/// of it for `longest_silence`, by a server that has been there all the time; its own runner can still report its end.
class Runs {
 public:
  explicit Runs(store::Database& database, Journals journals = Journals::here)
      : database_{database}, journals_{journals} {}

  static constexpr std::chrono::minutes longest_silence{5};

  /// On a server, whoever did not get the answer may create the same run again.
  [[nodiscard]] Result<model::Run> create(const Principal& principal, model::Run run);
  [[nodiscard]] Result<model::Run> change(const Principal& principal, std::string_view id,
                                          const api::RunChange& change);
  [[nodiscard]] Result<model::Run> get(const Principal& principal, std::string_view id);
  /// Newest first.
  [[nodiscard]] Result<std::vector<model::Run>> list(const Principal& principal, const api::RunFilter& filter);
  /// Whoever started it, and those who see everybody's runs.
  [[nodiscard]] Result<model::Run> cancel(const Actor& actor, std::string_view id);

  /// Stores what is new of these journal lines, for a run whose journal is elsewhere; a gap is a conflict.
  [[nodiscard]] Result<void> append_events(const Principal& principal, const std::string& id,
                                           std::span<const std::string_view> lines);
  struct Events {
    std::vector<std::string> lines;
    bool is_complete = false;  ///< the run has ended: there will be no more
  };
  /// What is there now, whatever `query.wait` says. Events of a run whose journal is on this machine are read from
  /// there, others from the store.
  [[nodiscard]] Result<Events> events(const Principal& principal, std::string_view id, const api::EventQuery& query);

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

  [[nodiscard]] Result<void> close_silent();
  [[nodiscard]] Result<void> close_lost(const std::string& id, const std::string& journal);
  [[nodiscard]] Result<std::vector<std::string>> load_events(const model::Run& run, const api::EventQuery& query);

  store::Database& database_;
  Journals journals_;
  model::Time since_ = model::now();  ///< this object is there
  std::optional<Followed> followed_;
};

}  // namespace runagents::server
