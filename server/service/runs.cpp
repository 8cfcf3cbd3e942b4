#include "server/service/runs.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/store/statement.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_row.hpp"
#include "server/service/run_rows.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t max_id = 64;
constexpr long long no_limit = 1LL << 62;
constexpr std::string_view runner_lost = "runner lost";

bool is_valid_id(std::string_view id) {
  return !id.empty() && id.size() <= max_id && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

Result<model::Run> resolve_and_load(soci::session& session, const Principal& principal, std::string_view id) {
  const auto full = resolve_id(session, runs_kind, id);
  if (!full) return std::unexpected(full.error());
  auto run = load_run(session, *full);
  if (run && !may_see(principal, *run)) return no_such("run", id);
  return run;
}

Result<model::Run> load_own(soci::session& session, const Principal& principal, std::string_view id) {
  auto run = resolve_and_load(session, principal, id);
  if (!run) return run;
  if (auto own = check_runner(principal, *run); !own) return std::unexpected(std::move(own.error()));
  return run;
}

/// A run that only counts as lost is its runner's to end.
bool is_closed(const model::Run& run, Journals journals) {
  return is_final(run.status) && (journals == Journals::here || run.reason != runner_lost);
}

void apply(model::Run& run, const api::RunChange& change) {
  run.status = change.status;
  run.updated_at = model::now();
  if (change.exit_code) run.exit_code = change.exit_code;
  if (!change.reason.empty() || run.reason == runner_lost) run.reason = change.reason;
  if (change.counts) {
    run.calls = change.counts->calls;
    run.refused = change.counts->refused;
    run.approved = change.counts->approved;
    run.observed = change.counts->observed;
    run.models = change.counts->models;
  }
  run.finished_at = is_final(run.status) ? std::optional{run.updated_at} : std::nullopt;
}

}  // namespace

Result<model::Run> Runs::create(const Principal& principal, model::Run run) {
  if (!is_valid_id(run.id)) return fail(ErrorCode::usage, "a run needs an id of letters, digits and hyphens");
  if (run.agent.empty()) return fail(ErrorCode::usage, "a run needs an agent");
  if (is_final(run.status)) return fail(ErrorCode::usage, "a run cannot begin as " + std::string{word(run.status)});
  if (journals_ == Journals::elsewhere) run.journal.clear();
  run.created_by = principal.user_id();
  run.created_at = run.updated_at = model::now();
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    if (auto known = load_run(session, run.id)) {
      const bool is_same = !principal.is_local() && known->created_by == run.created_by && known->agent == run.agent &&
                           !is_final(known->status);
      if (is_same) return known;
      return fail(ErrorCode::conflict, "there is already a run \"" + run.id + "\"");
    }
    insert_run(session, run);
    return load_run(session, run.id);
  });
}

Result<model::Run> Runs::change(const Principal& principal, std::string_view id, const api::RunChange& change) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    auto run = load_own(session, principal, id);
    if (!run) return run;
    if (is_closed(*run, journals_)) {
      return fail(ErrorCode::conflict, "invalid transition from " + std::string{word(run->status)} + " to " +
                                           std::string{word(change.status)});
    }
    if (change.last_seq.value_or(0) > run->last_seq && journals_ == Journals::elsewhere) {
      return fail(ErrorCode::conflict, "events are missing: they are here up to seq " + std::to_string(run->last_seq),
                  {}, "events_missing");
    }
    apply(*run, change);
    update_run(session, *run);
    return run;
  });
}

Result<model::Run> Runs::get(const Principal& principal, std::string_view id) {
  return database_.read([&](soci::session& session) { return resolve_and_load(session, principal, id); });
}

Result<std::vector<model::Run>> Runs::list(const Principal& principal, const api::RunFilter& filter) {
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
    const std::string me{principal.user_id()};
    const std::string address{principal.user ? principal.user->email : ""};
    if (!sees_all_runs(principal)) {
      sql +=
          " AND ((created_by = :me AND created_by <> '') OR (end_user <> '' AND (end_user = :me OR "
          "lower(end_user) = lower(:address))))";
      query.use(me, "me").use(address, "address");
    }
    query.use(limit, "count");
    query.prepare(sql + " ORDER BY created_at DESC, id DESC LIMIT :count");
    std::vector<model::Run> runs;
    while (query.fetch()) runs.push_back(row.run());
    return runs;
  });
}

Result<model::Run> Runs::cancel(const Actor& actor, std::string_view id) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<model::Run> {
    const auto& principal = actor.principal;
    auto run = sees_all_runs(principal) ? resolve_and_load(session, principal, id) : load_own(session, principal, id);
    if (!run) return run;
    if (is_final(run->status)) {
      return fail(ErrorCode::conflict,
                  "run " + run->id + " cannot be cancelled: it is already " + std::string{word(run->status)});
    }
    if (run->cancel_requested) return run;
    run->cancel_requested = true;
    run->updated_at = model::now();
    update_run(session, *run);
    if (principal.is_local()) return run;
    auto logged = AuditLog::add(session, actor, {.action = "run.cancel", .object = run->id});
    if (!logged) return std::unexpected(std::move(logged.error()));
    return run;
  });
}

Result<void> Runs::close_silent() {
  const model::Time now = model::now();
  if (now - since_ < longest_silence) return {};
  const long long at = number_of(now);
  const long long limit = number_of(now - longest_silence);
  const std::string reason{runner_lost};
  const auto is_there = database_.read([&](soci::session& session) -> Result<bool> {
    int found = 0;
    store::Statement query{session};
    query.into(found).use(limit, "limit");
    query.prepare(
        "SELECT 1 FROM runs WHERE status IN ('RUNNING', 'PAUSED_APPROVAL', 'PAUSED_CONSENT') AND updated_at < :limit "
        "LIMIT 1");
    return query.fetch();
  });
  if (!is_there) return std::unexpected(is_there.error());
  if (!*is_there) return {};
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    store::Statement update{session};
    update.use(reason, "reason").use(at, "at").use(limit, "limit");
    update.prepare(
        "UPDATE runs SET status = 'FAILED', reason = :reason, updated_at = :at, finished_at = :at "
        "WHERE status IN ('RUNNING', 'PAUSED_APPROVAL', 'PAUSED_CONSENT') AND updated_at < :limit");
    update.change();
    return {};
  });
}

}  // namespace runagents::server
