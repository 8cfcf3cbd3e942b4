#include <memory>

#include "cli/groups.hpp"
#include "cli/runs/runs.hpp"

namespace runagents::cli {
namespace {

Argument run_argument(std::string& target) {
  return {.name = "ID",
          .summary = "the run: its id, the beginning of it, or \"latest\"",
          .binding = &target,
          .means = Means::run};
}

Command list_command() {
  auto options = std::make_shared<RunsList>();
  return {.name = "list",
          .summary = "list runs, the newest first",
          .examples = {{"runagents runs list --status RUNNING", "what runs now"}},
          .flags = {only_of_agent(options->agent),
                    {.name = "status",
                     .value = "STATUS",
                     .summary = "only those",
                     .binding = &options->status,
                     .choices = {"RUNNING", "PAUSED_APPROVAL", "PAUSED_CONSENT", "COMPLETED", "FAILED", "CANCELLED"}},
                    only_of_user(options->user),
                    limit_flag(options->limit)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_runs(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<RunsGet>();
  return {.name = "get",
          .summary = "show one run",
          .examples = {{"runagents runs get latest", "how the last run went"}},
          .arguments = {run_argument(options->id)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_run(*options, context); }};
}

Command events_command() {
  auto options = std::make_shared<RunsEvents>();
  return {.name = "events",
          .summary = "print what happened in a run, as it was recorded",
          .examples = {{"runagents runs events latest -f", "follow a run from another terminal"},
                       {"runagents runs events latest --type TOOL_CALLED -o jsonl", "its calls, for a program"}},
          .arguments = {run_argument(options->id)},
          .flags =
              {{.name = "follow", .letter = 'f', .summary = "go on until the run is over", .binding = &options->follow},
               {.name = "type", .value = "TYPE", .summary = "only events of this type", .binding = &options->type},
               {.name = "after", .value = "SEQ", .summary = "only events after this one", .binding = &options->after}},
          .prints_objects = true,
          .run = [options](Context& context) { return print_events(*options, context); }};
}

Command timeline_command() {
  auto options = std::make_shared<RunsTimeline>();
  return {.name = "timeline",
          .summary = "show when what happened in a run, and how long it took",
          .examples = {{"runagents runs timeline latest", "where the time went"}},
          .arguments = {run_argument(options->id)},
          .prints_objects = true,
          .run = [options](Context& context) { return print_timeline(*options, context); }};
}

Command wait_command() {
  auto options = std::make_shared<RunsWait>();
  return {.name = "wait",
          .summary = "wait until a run is over",
          .description =
              "Exits with 0 when the run completed, with 9 when it failed or was cancelled, with 8 when the "
              "time is up.",
          .examples = {{"runagents runs wait latest --timeout 10m", "at most ten minutes"}},
          .arguments = {run_argument(options->id)},
          .flags = {{.name = "timeout",
                     .value = "TIME",
                     .summary = "give up after this long",
                     .binding = &options->timeout}},
          .prints_objects = true,
          .run = [options](Context& context) { return wait_for_run(*options, context); }};
}

Command export_run_command() {
  auto options = std::make_shared<RunsExport>();
  return {
      .name = "export",
      .summary = "print all events of a run for keeping",
      .description =
          "jsonl: the recorded lines themselves, whose hashes anybody can check. json: one object with "
          "the run and its events. har: an HTTP Archive (1.2) of its calls, for tools that read those. "
          "html: one page that shows all of it, which needs nothing else and loads nothing.",
      .examples = {{"runagents runs export latest --format html", "a page to pass on; put it into a file: > run.html"},
                   {"runagents runs export latest --format json", "one document"},
                   {"runagents runs export latest --format har", "for a browser's network panel"}},
      .arguments = {run_argument(options->id)},
      .flags = {{.name = "format",
                 .value = "FORMAT",
                 .summary = "the form",
                 .binding = &options->format,
                 .choices = {"jsonl", "json", "har", "html"},
                 .default_text = "jsonl"}},
      .run = [options](Context& context) { return export_run(*options, context); }};
}

Command verify_command() {
  auto options = std::make_shared<RunsVerify>();
  return {.name = "verify",
          .summary = "prove that no recorded event was changed, added or taken out",
          .description = "Checks the chain of hashes in the run's journal. Exits with 9 when it is broken.",
          .examples = {{"runagents runs verify latest", "check the last run"}},
          .arguments = {run_argument(options->id)},
          .prints_objects = true,
          .run = [options](Context& context) { return verify_run(*options, context); }};
}

Command watch_command() {
  auto options = std::make_shared<RunsWatch>();
  auto argument = run_argument(options->id);
  argument.required = false;
  return {.name = "watch",
          .summary = "show runs while they go on",
          .description =
              "On a terminal: a list that changes in place; ? shows the keys. Of one run: its calls as they come.\n"
              "Elsewhere: a line for every run and for every change of its status; of one run, a line for every event.",
          .examples = {{"runagents runs watch --timeout 5s", "what runs now, for five seconds"},
                       {"runagents runs watch latest --timeout 5s", "the calls of the last run as they come"}},
          .arguments = {std::move(argument)},
          .flags = {only_of_agent(options->agent), only_of_user(options->user), stop_after(options->timeout)},
          .prints_objects = true,
          .run = [options](Context& context) { return watch_runs(*options, context); }};
}

Command cancel_command() {
  auto options = std::make_shared<RunsCancel>();
  return {.name = "cancel",
          .summary = "end a run",
          .examples = {{"runagents runs cancel latest --yes", "without being asked"}},
          .arguments = {run_argument(options->id)},
          .flags = {{.name = "yes", .letter = 'y', .summary = "do not ask", .binding = &options->yes},
                    switch_flag("dry-run", "show what would be ended", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return cancel_run(*options, context); }};
}

}  // namespace

Command runs_command() {
  return {
      .name = "runs",
      .summary = "look at runs, past and present",
      .commands = {list_command(), get_command(), events_command(), timeline_command(), wait_command(), watch_command(),
                   export_run_command(), replay_run_command(), verify_command(), cancel_command()}};
}

}  // namespace runagents::cli
