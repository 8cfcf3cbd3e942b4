#include <fmt/format.h>
#include <map>
#include <ostream>

#include "cli/approvals/approvals.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/text.hpp"
#include "cli/run/planes.hpp"
#include "cli/runs/outage.hpp"
#include "cli/runs/runs.hpp"
#include "cli/runs/view.hpp"

namespace runagents::cli {
namespace {

using model::Run;

constexpr std::chrono::milliseconds watch_interval{500};
constexpr std::chrono::milliseconds remote_interval{1000};
constexpr std::uint32_t most_runs = 100;

Result<void> print_state(const Run& run, const Context& context) {
  if (context.output.format != output::Format::table || !context.output.fields.empty()) {
    auto options = context.output;
    // An endless list has no closing bracket: every object stands on a line of its own.
    if (options.format == output::Format::json) options.format = output::Format::jsonl;
    return output::print(output::Card{.text = {}, .name = run.id, .json = json_of(run)}, options, context.terminal);
  }
  const auto exit = run.exit_code ? fmt::format(" exit {}", *run.exit_code) : "";
  const auto line =
      output::printable(fmt::format("{}  {}  {}{}  {} call{}, {} refused", run.id, run.agent, word(run.status), exit,
                                    run.calls, run.calls == 1 ? "" : "s", run.refused));
  context.terminal.out << output::fitted(line, context.terminal.width) << '\n';
  return {};
}

/// A line for each run that goes on, and for each that is new, whenever its status is another one.
Outcome watch_lines(const RunsWatch& options, api::ControlPlane& plane, Context& context) {
  if (context.terminal.err_is_terminal) context.terminal.err << "waiting for runs; Ctrl-C ends\n";
  const auto end = context.now() + options.timeout;
  std::map<std::string, model::RunStatus> known;
  bool is_first = true;
  std::optional<Outage> outage;  // of a server that has answered before
  while (context.terminal.out.good()) {
    const auto runs =
        plane.list_runs({.agent = options.agent, .status = {}, .end_user = options.user, .limit = most_runs});
    if (!runs && outage && outage->sit_out(runs.error())) continue;
    if (!runs) return std::unexpected(runs.error());
    if (outage) outage->end();
    if (!outage) outage.emplace(context);
    for (auto run = runs->rbegin(); run != runs->rend(); ++run) {
      const auto [place, is_new] = known.try_emplace(run->id, run->status);
      if (!is_new && place->second == run->status) continue;
      place->second = run->status;
      if (is_first && model::is_final(run->status)) continue;
      const auto printed = print_state(*run, context);
      if (!printed) return std::unexpected(printed.error());
    }
    is_first = false;
    context.terminal.out.flush();
    if (options.timeout.count() > 0 && context.now() >= end) return 0;
    if (!context.pause(watch_interval)) return 0;
  }
  return 0;
}

Outcome watch_live(const RunsWatch& options, api::ControlPlane& plane, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  const bool is_local = (*connection)->is_local();
  RunsView::Settings settings{
      .agent = options.agent,
      .user = options.user,
      .approvals = {.place = is_local ? "this machine" : (*connection)->label(), .approver = local_user()}};
  // What is wrong from the start is said in the usual way.
  if (!options.id.empty()) {
    const auto run = find_run(options.id, plane);
    if (!run) return std::unexpected(run.error());
    settings.opened = run->id;
  } else if (const auto first = plane.list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 1}); !first) {
    return std::unexpected(first.error());
  }
  if (const auto allowed = refuse_agents(context); !allowed) settings.approvals.may_not_decide = allowed.error();
  RunsView view{std::move(settings)};
  return live::show(view, plane, {.poll = is_local ? watch_interval : remote_interval, .timeout = options.timeout},
                    context);
}

}  // namespace

Outcome watch_runs(const RunsWatch& options, Context& context) {
  deliver_left_runs(context);
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  if (live::can_show(context)) return watch_live(options, **plane, context);
  if (options.id.empty()) return watch_lines(options, **plane, context);
  return print_events({.id = options.id, .follow = true, .timeout = options.timeout}, context);
}

}  // namespace runagents::cli
