#include <algorithm>
#include <fmt/format.h>

#include "cli/approvals/approvals.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {
namespace {

std::unexpected<Error> refusal(std::string_view what, std::string_view run) {
  return fail(ErrorCode::forbidden, fmt::format("an agent cannot {}: this is inside run {}", what, run),
              "decide from a terminal of yours, outside the run");
}

}  // namespace

Result<void> refuse_agents(Context& context, std::string_view what) {
  if (const auto run = context.environment("RUNAGENTS_RUN_ID")) return refusal(what, *run);
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto runs = (*plane)->list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 0});
  if (!runs) return std::unexpected(runs.error());
  const auto ancestors = context.ancestors();
  for (const auto& run : *runs) {
    if (model::is_final(run.status)) continue;
    const bool above = std::ranges::find(ancestors, run.runner_pid) != ancestors.end();
    // A number that a dead runner left behind may belong to any process by now.
    if (above && context.journal_is_held(run.journal)) return refusal(what, run.id);
  }
  return {};
}

}  // namespace runagents::cli
