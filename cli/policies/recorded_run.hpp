#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/policies/recorded_call.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

/// A run and the calls in its record.
struct RecordedRun {
  model::Run run;
  std::vector<RecordedCall> calls;
};

/// The run that an id, its beginning, or "latest" names; of the context.
[[nodiscard]] Result<RecordedRun> load_recorded_run(const std::string& id, Context& context);

/// The project file to hold a run against: the one that is named; else in the local context the run's own, where it is
/// still there; else the one of this directory.
[[nodiscard]] Result<std::filesystem::path> project_file_of(const model::Run& run, const std::string& flag,
                                                            const Context& context);

}  // namespace runagents::cli
