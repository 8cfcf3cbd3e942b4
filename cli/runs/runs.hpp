#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "cli/output/print.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

struct RunsList {
  std::string agent = {};
  std::string status = {};
  std::string user = {};
  std::uint32_t limit = 50;
};

struct RunsGet {
  std::string id = {};  ///< an id, its beginning, or "latest"
};

struct RunsEvents {
  std::string id = {};
  std::string type = {};
  bool follow = false;
  std::uint32_t after = 0;          ///< only events with a higher seq
  std::chrono::seconds timeout{0};  ///< of following; 0: no limit
};

struct RunsTimeline {
  std::string id = {};
};

struct RunsWait {
  std::string id = {};
  std::chrono::seconds timeout{0};  ///< 0: no limit
};

struct RunsExport {
  std::string id = {};
  std::string format = "jsonl";
};

struct RunsVerify {
  std::string id = {};
};

struct RunsWatch {
  std::string id = {};  ///< the run that is shown alone; empty: all of them
  std::string agent = {};
  std::string user = {};
  std::chrono::seconds timeout{0};  ///< 0: until interrupted
};

struct RunsCancel {
  std::string id = {};
  bool yes = false;
  bool dry_run = false;
};

[[nodiscard]] Outcome list_runs(const RunsList& options, Context& context);
[[nodiscard]] Outcome get_run(const RunsGet& options, Context& context);
[[nodiscard]] Outcome print_events(const RunsEvents& options, Context& context);
[[nodiscard]] Outcome print_timeline(const RunsTimeline& options, Context& context);
[[nodiscard]] Outcome wait_for_run(const RunsWait& options, Context& context);
[[nodiscard]] Outcome export_run(const RunsExport& options, Context& context);
[[nodiscard]] Outcome verify_run(const RunsVerify& options, Context& context);
[[nodiscard]] Outcome watch_runs(const RunsWatch& options, Context& context);
[[nodiscard]] Outcome cancel_run(const RunsCancel& options, Context& context);

[[nodiscard]] Command replay_run_command();

/// The run that an id, its beginning, or "latest" names.
[[nodiscard]] Result<model::Run> find_run(const std::string& id, api::ControlPlane& plane);

/// A run and all lines of its record, as they were recorded.
struct RunRecord {
  model::Run run;
  std::vector<std::string> lines;
};
/// Of the run that an id, its beginning, or "latest" names.
[[nodiscard]] Result<RunRecord> record_of_run(const std::string& id, Context& context);

/// A recorded event as a row: sequence number, time of day, what happened, call, status, code, rule.
[[nodiscard]] output::Row event_row(const std::string& line);

/// A run in detail, for people.
[[nodiscard]] std::string run_card(const model::Run& run, model::Time now);

}  // namespace runagents::cli
