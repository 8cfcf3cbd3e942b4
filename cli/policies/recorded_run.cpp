#include "cli/policies/recorded_run.hpp"

#include <unistd.h>

#include "cli/connection/connection.hpp"
#include "cli/project/project.hpp"
#include "cli/runs/runs.hpp"

namespace runagents::cli {

Result<RecordedRun> load_recorded_run(const std::string& id, Context& context) {
  auto record = record_of_run(id, context);
  if (!record) return std::unexpected(record.error());
  RecordedRun recorded{.run = std::move(record->run), .calls = {}};
  for (const auto& line : record->lines) {
    if (auto call = recorded_call(line)) recorded.calls.push_back(std::move(*call));
  }
  return recorded;
}

Result<std::filesystem::path> project_file_of(const model::Run& run, const std::string& flag, const Context& context) {
  const bool is_unsaid = flag.empty() && !context.environment("RUNAGENTS_CONFIG") && !run.project_file.empty();
  if (!is_unsaid) return project_file(flag, context);
  // What a server says of another machine's files is no path of this one.
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  const bool is_here = (*connection)->is_local() && ::access(run.project_file.c_str(), R_OK) == 0;
  return is_here ? Result<std::filesystem::path>{run.project_file} : project_file(flag, context);
}

}  // namespace runagents::cli
