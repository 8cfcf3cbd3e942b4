#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"

namespace runagents {

/// That a server may not have all of a run's record yet: a file beside the journal, from before the run is made known
/// to the server until its end is acknowledged there. It outlives a runner that was killed, and a server that was away.
struct LeftRecord {
  std::string endpoint;                    ///< of the server
  bool is_known = false;                   ///< the server has said that it knows the run
  std::optional<api::RunChange> ending{};  ///< nothing while the run is at work, or when its runner is lost
};

/// Blocks, as the others do.
[[nodiscard]] Result<void> keep_left_record(const std::filesystem::path& journal, const LeftRecord& record);
void drop_left_record(const std::filesystem::path& journal) noexcept;

/// Brings to the server what it has not got of runs of this machine whose runners are gone: the rest of their events,
/// and their end. What the server does not take now stays for the next time; `plane` is the server at `endpoint`.
void deliver_left_records(const std::filesystem::path& runs_directory, const std::string& endpoint,
                          api::ControlPlane& plane);

}  // namespace runagents
