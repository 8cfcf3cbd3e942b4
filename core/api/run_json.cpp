#include "core/api/run_json.hpp"

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/api/model_usage_json.hpp"

namespace runagents::api {

nlohmann::ordered_json to_json(const model::Run& run) {
  nlohmann::ordered_json json = {
      {"id", run.id},
      {"agent_id", run.agent},
      {"user_id", run.end_user},
      {"account", run.account},
      {"created_by", run.created_by},
      {"status", word(run.status)},
      {"reason", run.reason},
      {"exit_code", nullptr},
      {"calls", run.calls},
      {"refused", run.refused},
      {"approved", run.approved},
      {"observed", run.observed},
      {"models", to_json(run.models)},
      {"last_seq", run.last_seq},
      {"command", run.command},
      {"isolation", run.isolation},
      {"observe", run.observe},
      {"project_file", run.project_file},
      {"journal", run.journal},
      {"runner_pid", run.runner_pid},
      {"cancel_requested", run.cancel_requested},
      {"created_at", model::to_iso8601(run.created_at)},
      {"updated_at", model::to_iso8601(run.updated_at)},
      {"finished_at", nullptr},
  };
  if (run.exit_code) json["exit_code"] = *run.exit_code;
  if (run.finished_at) json["finished_at"] = model::to_iso8601(*run.finished_at);
  return json;
}

Result<model::Run> run_from_json(const nlohmann::ordered_json& json) {
  model::Run run;
  Members members{json};
  members.text("id", run.id)
      .text("agent_id", run.agent)
      .text("user_id", run.end_user)
      .text("account", run.account)
      .text("created_by", run.created_by)
      .word("status", run.status, model::run_status_of, "the status of a run, such as RUNNING")
      .text("reason", run.reason)
      .number("exit_code", run.exit_code)
      .number("calls", run.calls)
      .number("refused", run.refused)
      .number("approved", run.approved)
      .number("observed", run.observed)
      .number("last_seq", run.last_seq)
      .texts("command", run.command)
      .text("isolation", run.isolation)
      .flag("observe", run.observe)
      .text("project_file", run.project_file)
      .text("journal", run.journal)
      .number("runner_pid", run.runner_pid)
      .flag("cancel_requested", run.cancel_requested)
      .time("created_at", run.created_at)
      .time("updated_at", run.updated_at)
      .time("finished_at", run.finished_at);
  if (const Error* error = members.error()) return std::unexpected(*error);
  if (const auto models = json.find("models"); models != json.end()) {
    auto usage = model_usage_from_json(*models);
    if (!usage) return std::unexpected(std::move(usage.error()));
    run.models = *std::move(usage);
  }
  return run;
}

}  // namespace runagents::api
