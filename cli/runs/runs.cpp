#include "cli/runs/runs.hpp"

#include <fmt/format.h>
#include <ostream>

#include "cli/confirm.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"
#include "cli/progress.hpp"
#include "cli/run/planes.hpp"
#include "cli/runs/outage.hpp"

namespace runagents::cli {
namespace {

using model::Run;
using model::RunStatus;
using output::Colour;

constexpr std::chrono::milliseconds wait_interval{100};

Colour colour_of(RunStatus status) {
  if (status == RunStatus::completed) return Colour::green;
  if (status == RunStatus::failed || status == RunStatus::cancelled) return Colour::red;
  return status == RunStatus::running ? Colour::cyan : Colour::yellow;
}

std::string took(const Run& run, model::Time now) {
  return output::duration(run.finished_at.value_or(std::max(now, run.created_at)) - run.created_at);
}

output::Row row_of(const Run& run, model::Time now) {
  return {.cells = {{run.id},
                    {run.agent},
                    {std::string{word(run.status)}, colour_of(run.status)},
                    {run.exit_code ? std::to_string(*run.exit_code) : ""},
                    {std::to_string(run.calls)},
                    {std::to_string(run.refused)},
                    {run.end_user},
                    {output::relative(run.created_at, now)},
                    {took(run, now)}},
          .name = run.id,
          .json = json_of(run)};
}

Result<void> print_card(const Run& run, const Context& context) {
  return output::print(output::Card{.text = run_card(run, context.now()), .name = run.id, .json = json_of(run)},
                       context.output, context.terminal);
}

Outcome ended(const Result<void>& printed, int code = 0) {
  if (!printed) return std::unexpected(printed.error());
  return code;
}

std::string models_text(const std::vector<model::ModelUsage>& models) {
  std::string text;
  for (const auto& one : models) {
    text += fmt::format("{}{}: {} call{}, {} tokens, {}", text.empty() ? "" : "; ", one.model, one.calls,
                        one.calls == 1 ? "" : "s", one.input_tokens + one.output_tokens, model::dollars(one.cost));
  }
  return text;
}

std::string observed_text(const Run& run) {
  return fmt::format("policy stopped nothing; {} call{} would have been refused or held", run.observed,
                     run.observed == 1 ? "" : "s");
}

}  // namespace

std::string run_card(const Run& run, model::Time now) {
  const auto when = fmt::format("{} ({})", model::to_iso8601(run.created_at), output::relative(run.created_at, now));
  auto status = std::string{word(run.status)};
  if (run.cancel_requested && !model::is_final(run.status)) status += ", to be cancelled";
  return output::labelled({
      {"run", run.id},
      {"agent", run.agent},
      {"command", fmt::format("{}", fmt::join(run.command, " "))},
      {"status", run.reason.empty() ? status : fmt::format("{} ({})", status, run.reason)},
      {"exit", run.exit_code ? std::to_string(*run.exit_code) : ""},
      {"for", run.end_user.empty() ? "nobody (no end user)" : run.end_user},
      {"isolation", run.isolation},
      {"observed", run.observe ? observed_text(run) : ""},
      {"calls", fmt::format("{}, {} approved, {} refused", run.calls, run.approved, run.refused)},
      {"models", models_text(run.models)},
      {"started", when},
      {"took", took(run, now)},
      {"project", run.project_file},
      {"journal", run.journal},
  });
}

Result<Run> find_run(const std::string& id, api::ControlPlane& plane) {
  if (id != "latest") return plane.get_run(id);
  auto runs = plane.list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 1});
  if (!runs) return std::unexpected(runs.error());
  if (runs->empty()) return fail(ErrorCode::not_found, "there is no run yet", "start one: runagents run");
  return std::move(runs->front());
}

Outcome list_runs(const RunsList& options, Context& context) {
  deliver_left_runs(context);
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto runs = (*plane)->list_runs({.agent = options.agent,
                                         .status = model::run_status_of(options.status),
                                         .end_user = options.user,
                                         .limit = options.limit});
  if (!runs) return std::unexpected(runs.error());
  output::Listing listing{.columns = {{"ID"},
                                      {.title = "AGENT", .shrinks = true},
                                      {"STATUS"},
                                      {"EXIT"},
                                      {"CALLS"},
                                      {"REFUSED"},
                                      {.title = "USER", .shrinks = true},
                                      {"STARTED"},
                                      {"TOOK"}},
                          .rows = {},
                          .when_empty = "no runs"};
  for (const auto& run : *runs) listing.rows.push_back(row_of(run, context.now()));
  return ended(output::print(listing, context.output, context.terminal));
}

Outcome get_run(const RunsGet& options, Context& context) {
  deliver_left_runs(context);
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  return ended(print_card(*run, context));
}

Outcome wait_for_run(const RunsWait& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  auto run = find_run(options.id, **plane);
  Outage outage{context};
  const auto end = context.now() + options.timeout;
  std::optional<RunStatus> said;
  Progress progress{context};
  while (run && !model::is_final(run->status)) {
    if (context.terminal.err_is_terminal && said != run->status) {
      progress.clear();
      context.terminal.err << fmt::format("run {} is {}\n", run->id, word(run->status)) << std::flush;
      said = run->status;
    }
    progress.show(fmt::format("its end; {} call{}", run->calls, run->calls == 1 ? "" : "s"));
    if (options.timeout.count() > 0 && context.now() >= end) {
      return fail(ErrorCode::unavailable, fmt::format("run {} is still {}", run->id, word(run->status)),
                  "see: runagents runs get " + run->id);
    }
    if (!context.pause(wait_interval)) break;
    auto now = (*plane)->get_run(run->id);
    if (!now) progress.clear();
    if (!now && outage.sit_out(now.error())) continue;
    if (now) outage.end();
    run = std::move(now);
  }
  progress.clear();
  if (!run) return std::unexpected(run.error());
  return ended(print_card(*run, context), run->status == RunStatus::completed ? 0 : exit_code(ErrorCode::bad_outcome));
}

Outcome cancel_run(const RunsCancel& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  if (model::is_final(run->status)) {
    return fail(ErrorCode::conflict, fmt::format("run {} is over already: {}", run->id, word(run->status)));
  }
  if (options.dry_run) {
    context.terminal.err << fmt::format("would end run {} of {} (--dry-run)\n", run->id, run->agent);
    return ended(print_card(*run, context));
  }
  const auto confirmed = confirm(fmt::format("end run {} of {}?", run->id, run->agent), options.yes, context.terminal);
  if (!confirmed) return std::unexpected(confirmed.error());
  const auto cancelled = (*plane)->cancel_run(run->id);
  if (!cancelled) return std::unexpected(cancelled.error());
  return ended(print_card(*cancelled, context));
}

}  // namespace runagents::cli
