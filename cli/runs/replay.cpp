#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "cli/run/run.hpp"
#include "cli/runs/runs.hpp"
#include "runner/replay/tape.hpp"
#include "server/embedded.hpp"

namespace runagents::cli {
namespace {

constexpr int runagents_failed = 125;

struct RunsReplay {
  std::string id = {};
  RunFlags run = {};
};

/// The latest run means the latest that can be replayed: replays are runs themselves.
Result<model::Run> find_recorded(const std::string& id, api::ControlPlane& plane) {
  if (id != "latest") return find_run(id, plane);
  const auto runs = plane.list_runs({.agent = {}, .status = {}, .end_user = {}, .limit = 0});
  if (!runs) return std::unexpected(runs.error());
  std::error_code ignored;
  const auto found = std::ranges::find_if(*runs, [&ignored](const model::Run& run) {
    return std::filesystem::exists(replay::recording_of(run.journal), ignored);
  });
  if (found != runs->end()) return *found;
  return fail(ErrorCode::not_found, "no run was recorded yet", "record one: runagents run --record");
}

Outcome replay(RunsReplay& flags, Context& context) {
  // A recording is on the machine where the run was.
  const auto plane = context.local_control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto recorded = find_recorded(flags.id, **plane);
  if (!recorded) return std::unexpected(recorded.error());
  if (flags.run.user.empty()) flags.run.user = recorded->end_user;
  auto options = run_options(flags.run, context);
  if (!options) return std::unexpected(options.error());
  options->replay = ReplaySource{.run_id = recorded->id,
                                 .file = replay::recording_of(recorded->journal),
                                 .as_json = context.output.format == output::Format::json};
  return run(*options, {.local = [data = options->directories.data] { return server::open_embedded(data); }});
}

}  // namespace

Command replay_run_command() {
  auto flags = std::make_shared<RunsReplay>();
  return {
      .name = "replay",
      .summary = "run an agent again, offline, against the answers of a recorded run",
      .description =
          "The run must have been recorded: runagents run --record. The agent runs in the fence and is judged by the "
          "project's policies\nas they are now; what is allowed is answered from the recording. No tool or model is "
          "called, nobody is asked to approve, no\ncredential is read. A call is matched by tool, method, path, query "
          "and body, else by all but the body; each answer is given once,\nin the order of the recording, and streams "
          "come at once. What is new, changed or missing is told on stderr, with -o json as its\nlast line. Exits with "
          "9 when something differed, else as the agent did.",
      .examples = {{"runagents runs replay latest -- python3 agent.py",
                    "see whether a change of the agent changes its calls"},
                   {"runagents runs replay latest -o json", "the project's own command; differences for a program"}},
      .arguments = {{.name = "RUN",
                     .summary = "the run: its id, the beginning of it, or \"latest\" for the latest that was recorded",
                     .binding = &flags->id,
                     .means = Means::run},
                    {.name = "CMD",
                     .summary = "the command and its arguments (default: [agent].command)",
                     .binding = &flags->run.command,
                     .required = false,
                     .is_command = true}},
      .flags = {config_flag(flags->run.config),
                {.name = "user",
                 .value = "USER",
                 .summary = "the end user for whom the agent acts (default: the recorded run's)",
                 .binding = &flags->run.user,
                 .means = Means::user},
                {.name = "isolation",
                 .value = "MODE",
                 .summary = "strict: inside the fence; none: the agent could go around its doors",
                 .binding = &flags->run.isolation,
                 .choices = {"strict", "none"},
                 .default_text = "strict"},
                {.name = "env",
                 .value = "K=V",
                 .summary = "add a variable; may be repeated",
                 .binding = &flags->run.environment}},
      .prints_objects = true,
      .failure_exit = runagents_failed,
      .run = [flags](Context& context) { return replay(*flags, context); }};
}

}  // namespace runagents::cli
