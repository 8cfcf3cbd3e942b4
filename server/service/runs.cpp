#include "server/service/runs.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_row.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t max_id = 64;
constexpr long long no_limit = 1LL << 62;

bool is_valid_id(std::string_view id) {
  return !id.empty() && id.size() <= max_id && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

Result<model::Run> resolve_and_load(soci::session& session, std::string_view id) {
  const auto full = resolve_id(session, runs_kind, id);
  if (!full) return std::unexpected(full.error());
  return load_run(session, *full);
}

}  // namespace

Result<model::Run> Runs::create(model::Run run) {
  if (!is_valid_id(run.id)) return fail(ErrorCode::usage, "a run needs an id of letters, digits and hyphens");
  if (run.agent.empty()) return fail(ErrorCode::usage, "a run needs an agent");
  if (is_final(run.status)) return fail(ErrorCode::usage, "a run cannot begin as " + std::string{word(run.status)});
  if (journals_ == Journals::elsewhere) run.journal.clear();
  run.created_at = run.updated_at = model::now();
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    if (load_run(session, run.id)) return fail(ErrorCode::conflict, "there is already a run \"" + run.id + "\"");
    insert_run(session, run);
    return load_run(session, run.id);
  });
}

Result<model::Run> Runs::change(std::string_view id, const api::RunChange& change) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    auto run = resolve_and_load(session, id);
    if (!run) return run;
    if (is_final(run->status)) {
      return fail(ErrorCode::conflict, "invalid transition from " + std::string{word(run->status)} + " to " +
                                           std::string{word(change.status)});
    }
    run->status = change.status;
    run->updated_at = model::now();
    if (change.exit_code) run->exit_code = change.exit_code;
    if (!change.reason.empty()) run->reason = change.reason;
    if (change.counts) {
      run->calls = change.counts->calls;
      run->refused = change.counts->refused;
      run->approved = change.counts->approved;
    }
    if (is_final(run->status)) run->finished_at = run->updated_at;
    update_run(session, *run);
    return run;
  });
}

Result<model::Run> Runs::get(std::string_view id) {
  return database_.read([&](soci::session& session) { return resolve_and_load(session, id); });
}

Result<std::vector<model::Run>> Runs::list(const api::RunFilter& filter) {
  return database_.read([&](soci::session& session) -> Result<std::vector<model::Run>> {
    RunRow row;
    store::Statement query{session};
    row.bind(query);
    std::string sql = std::string{"SELECT "} + RunRow::columns + " FROM runs WHERE 1 = 1";
    const std::string status{filter.status ? word(*filter.status) : std::string_view{}};
    const long long limit = filter.limit == 0 ? no_limit : filter.limit;
    const auto restrict_to = [&](const std::string& column, const std::string& value) {
      if (value.empty()) return;
      query.use(value, column);
      sql += " AND " + column + " = :" + column;
    };
    restrict_to("agent", filter.agent);
    restrict_to("end_user", filter.end_user);
    restrict_to("status", status);
    query.use(limit, "count");
    query.prepare(sql + " ORDER BY created_at DESC, id DESC LIMIT :count");
    std::vector<model::Run> runs;
    while (query.fetch()) runs.push_back(row.run());
    return runs;
  });
}

Result<model::Run> Runs::cancel(std::string_view id) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    auto run = resolve_and_load(session, id);
    if (!run) return run;
    if (is_final(run->status)) {
      return fail(ErrorCode::conflict,
                  "run " + run->id + " cannot be cancelled: it is already " + std::string{word(run->status)});
    }
    if (run->cancel_requested) return run;
    run->cancel_requested = true;
    run->updated_at = model::now();
    update_run(session, *run);
    return run;
  });
}

}  // namespace runagents::server
