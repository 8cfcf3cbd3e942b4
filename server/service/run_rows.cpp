#include "server/service/run_rows.hpp"

#include "server/service/column.hpp"
#include "server/service/run_row.hpp"

namespace runagents::server {

void RunRow::bind(store::Statement& query) {
  query.into(id).into(agent).into(command).into(end_user).into(isolation).into(project_file).into(journal);
  query.into(runner_pid).into(status).into(cancel_requested).into(reason).into(exit_code, has_exit_code);
  query.into(calls).into(refused).into(approved).into(created_at).into(updated_at).into(finished_at, has_finished_at);
  query.into(account).into(created_by).into(last_seq).into(models);
  query.into(observe).into(observed);
}

model::Run RunRow::run() const {
  model::Run run;
  run.id = id;
  run.agent = agent;
  run.command = texts_of(command);
  run.end_user = end_user;
  run.account = account;
  run.created_by = created_by;
  run.last_seq = static_cast<std::uint64_t>(last_seq);
  run.isolation = isolation;
  run.observe = observe != 0;
  run.project_file = project_file;
  run.journal = journal;
  run.runner_pid = runner_pid;
  // A word that this version does not know must not look like a living run.
  run.status = model::run_status_of(status).value_or(model::RunStatus::failed);
  run.cancel_requested = cancel_requested != 0;
  run.reason = reason;
  if (has_exit_code == soci::i_ok) run.exit_code = exit_code;
  run.calls = static_cast<std::uint64_t>(calls);
  run.refused = static_cast<std::uint64_t>(refused);
  run.approved = static_cast<std::uint64_t>(approved);
  run.observed = static_cast<std::uint64_t>(observed);
  run.models = models_of(models);
  run.created_at = time_of(created_at);
  run.updated_at = time_of(updated_at);
  if (has_finished_at == soci::i_ok) run.finished_at = time_of(finished_at);
  return run;
}

Result<model::Run> load_run(soci::session& session, const std::string& id) {
  RunRow row;
  store::Statement query{session};
  row.bind(query);
  query.use(id, "wanted");
  query.prepare(std::string{"SELECT "} + RunRow::columns + " FROM runs WHERE id = :wanted");
  if (!query.fetch()) return fail(ErrorCode::not_found, "there is no run \"" + id + "\"");
  return row.run();
}

void insert_run(soci::session& session, const model::Run& run) {
  const std::string command = text_of(run.command);
  const std::string status{word(run.status)};
  const long long pid = run.runner_pid;
  const long long created_at = number_of(run.created_at);
  const long long updated_at = number_of(run.updated_at);
  store::Statement insert{session};
  insert.use(run.id, "id").use(run.agent, "agent").use(command, "command").use(run.end_user, "end_user");
  insert.use(run.isolation, "isolation").use(run.project_file, "project_file").use(run.journal, "journal");
  insert.use(pid, "pid").use(status, "status").use(created_at, "created_at").use(updated_at, "updated_at");
  const int observe = run.observe ? 1 : 0;
  insert.use(run.account, "account").use(run.created_by, "created_by").use(observe, "observe");
  insert.prepare(
      "INSERT INTO runs (id, agent, command, end_user, isolation, project_file, journal, runner_pid, status, "
      "created_at, updated_at, account, created_by, observe) VALUES (:id, :agent, :command, :end_user, :isolation, "
      ":project_file, :journal, :pid, "
      ":status, :created_at, :updated_at, :account, :created_by, :observe)");
  insert.change();
}

void update_run(soci::session& session, const model::Run& run) {
  const std::string status{word(run.status)};
  const int cancel = run.cancel_requested ? 1 : 0;
  const int exit_code = run.exit_code.value_or(0);
  soci::indicator has_exit_code = run.exit_code ? soci::i_ok : soci::i_null;
  const long long updated_at = number_of(run.updated_at);
  const long long finished_at = run.finished_at ? number_of(*run.finished_at) : 0;
  soci::indicator has_finished_at = run.finished_at ? soci::i_ok : soci::i_null;
  const auto calls = static_cast<long long>(run.calls);
  const auto refused = static_cast<long long>(run.refused);
  const auto approved = static_cast<long long>(run.approved);
  const auto observed = static_cast<long long>(run.observed);
  store::Statement update{session};
  const std::string models = text_of(run.models);
  update.use(calls, "calls").use(refused, "refused").use(approved, "approved").use(models, "models");
  update.use(observed, "observed");
  update.use(status, "status")
      .use(cancel, "cancel")
      .use(run.reason, "reason")
      .use(exit_code, has_exit_code, "exit_code");
  update.use(updated_at, "updated_at").use(finished_at, has_finished_at, "finished_at").use(run.id, "id");
  update.prepare(
      "UPDATE runs SET status = :status, cancel_requested = :cancel, reason = :reason, exit_code = :exit_code, "
      "calls = :calls, refused = :refused, approved = :approved, observed = :observed, models = :models, "
      "updated_at = :updated_at, "
      "finished_at = :finished_at WHERE id = :id");
  update.change();
}

}  // namespace runagents::server
