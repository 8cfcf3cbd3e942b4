#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/context.hpp"
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
  std::uint32_t after = 0;  ///< only events with a higher seq
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
[[nodiscard]] Outcome cancel_run(const RunsCancel& options, Context& context);

/// The run that an id, its beginning, or "latest" names.
[[nodiscard]] Result<model::Run> find_run(const std::string& id, api::ControlPlane& plane);

/// A run in detail, for people.
[[nodiscard]] std::string run_card(const model::Run& run, model::Time now);

}  // namespace runagents::cli
