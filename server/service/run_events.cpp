#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <unistd.h>
#include <utility>

#include "core/api/json_spans.hpp"
#include "core/audit/journal.hpp"
#include "core/audit/journal_reader.hpp"
#include "core/store/statement.hpp"
#include "server/service/column.hpp"
#include "server/service/identifier.hpp"
#include "server/service/run_access.hpp"
#include "server/service/run_rows.hpp"
#include "server/service/runs.hpp"

namespace runagents::server {
namespace {

// What new lines of a run add up to.
struct Batch {
  std::int64_t first_seq = 0;
  std::int64_t last_seq = 0;
  std::int64_t calls = 0;
  std::int64_t refused = 0;
  std::int64_t approved = 0;
  std::int64_t observed = 0;
  std::vector<model::ModelUsage> models;
  std::string lines;
};

std::int64_t seq_of(std::string_view line) {
  const std::string_view digits = api::plain_member(line, "seq");
  std::int64_t seq = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seq);
  return read.ec == std::errc{} && read.ptr == digits.data() + digits.size() ? seq : 0;
}

std::uint64_t number_in(std::string_view line, std::string_view name) {
  const auto digits = api::plain_member(line, name);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

/// As the runner counts (egress::Recorder).
void count_model(Batch& batch, std::string_view line) {
  model::add_up(batch.models, {.provider = std::string{api::plain_member(line, "tool")},
                               .model = std::string{api::plain_member(line, "model")},
                               .calls = 1,
                               .input_tokens = number_in(line, "input_tokens"),
                               .output_tokens = number_in(line, "output_tokens"),
                               .cost = model::pico_dollars(api::plain_member(line, "cost_usd"))});
}

void count(Batch& batch, std::string_view line) {
  const auto type = api::plain_member(line, "type");
  if (type != "TOOL_CALLED" && type != "MODEL_CALLED") return;
  const std::string_view decision = api::plain_member(line, "decision");
  ++batch.calls;
  if (decision == "refused") ++batch.refused;
  if (decision == "approved") ++batch.approved;
  if (decision == "observed") ++batch.observed;
  if (type == "MODEL_CALLED" && decision != "refused") count_model(batch, line);
}

Result<Batch> batch_of(std::span<const std::string_view> lines, std::int64_t stored) {
  Batch batch;
  std::int64_t next = stored + 1;
  for (const std::string_view line : lines) {
    const std::int64_t seq = seq_of(line);
    if (seq < 1 || line.find('\n') != std::string_view::npos) {
      return fail(ErrorCode::usage, "an event is no line of a journal: it needs a \"seq\" from 1 and no line breaks");
    }
    if (seq < next) continue;
    if (seq > next) {
      return fail(ErrorCode::conflict,
                  "events are missing: seq " + std::to_string(seq) + " came where " + std::to_string(next) + " is next",
                  {}, "events_missing");
    }
    batch.first_seq = batch.first_seq == 0 ? seq : batch.first_seq;
    batch.last_seq = seq;
    batch.lines += line;
    batch.lines += '\n';
    count(batch, line);
    ++next;
  }
  return batch;
}

void insert_batch(soci::session& session, const std::string& id, const Batch& batch) {
  const long long first = batch.first_seq;
  const long long last = batch.last_seq;
  store::Statement insert{session};
  insert.use(id, "id").use(first, "first_seq").use(last, "last_seq").use(batch.lines, "lines");
  insert.prepare(
      "INSERT INTO event_batches (run_id, first_seq, last_seq, lines) "
      "VALUES (:id, :first_seq, :last_seq, :lines)");
  insert.change();
}

void add_models(soci::session& session, model::Run run, const Batch& batch) {
  if (batch.models.empty()) return;
  for (const auto& one : batch.models) model::add_up(run.models, one);
  const auto models = text_of(run.models);
  store::Statement update{session};
  update.use(models, "models").use(run.id, "id");
  update.prepare("UPDATE runs SET models = :models WHERE id = :id");
  update.change();
}

void add_up(soci::session& session, const std::string& id, const Batch& batch) {
  const long long last = batch.last_seq;
  const long long calls = batch.calls;
  const long long refused = batch.refused;
  const long long approved = batch.approved;
  const long long observed = batch.observed;
  const long long now = number_of(model::now());
  store::Statement update{session};
  update.use(last, "last_seq").use(calls, "calls").use(refused, "refused").use(approved, "approved");
  update.use(observed, "observed");
  update.use(now, "now").use(id, "id");
  update.prepare(
      "UPDATE runs SET last_seq = :last_seq, calls = calls + :calls, refused = refused + :refused, "
      "approved = approved + :approved, observed = observed + :observed, updated_at = :now WHERE id = :id");
  update.change();
}

bool is_full(const std::vector<std::string>& found, const api::EventQuery& query) {
  return query.limit != 0 && found.size() >= query.limit;
}

bool is_wanted(std::string_view line, const api::EventQuery& query) {
  return std::cmp_greater(seq_of(line), query.after_seq) &&
         (query.type.empty() || api::plain_member(line, "type") == query.type);
}

void select_lines(std::string_view lines, const api::EventQuery& query, std::vector<std::string>& found) {
  for (std::size_t end = lines.find('\n'); end != std::string_view::npos && !is_full(found, query);
       end = lines.find('\n')) {
    const std::string_view line = lines.substr(0, end);
    if (is_wanted(line, query)) found.emplace_back(line);
    lines.remove_prefix(end + 1);
  }
}

std::vector<std::string> stored_events(soci::session& session, const std::string& id, const api::EventQuery& query) {
  const auto after = static_cast<long long>(std::min<std::uint64_t>(query.after_seq, INT64_MAX));
  std::string lines;
  store::Statement select{session};
  select.into(lines).use(id, "id").use(after, "after");
  select.prepare("SELECT lines FROM event_batches WHERE run_id = :id AND last_seq > :after ORDER BY first_seq");
  std::vector<std::string> found;
  while (!is_full(found, query) && select.fetch()) select_lines(lines, query, found);
  return found;
}

}  // namespace

Result<void> Runs::append_events(const Principal& principal, const std::string& id,
                                 std::span<const std::string_view> lines) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    const auto run = load_run(session, id);
    if (!run) return std::unexpected(run.error());
    if (auto own = check_runner(principal, *run); !own) return own;
    const auto batch = batch_of(lines, static_cast<std::int64_t>(run->last_seq));
    if (!batch) return std::unexpected(batch.error());
    if (batch->first_seq == 0) return {};
    insert_batch(session, id, *batch);
    add_up(session, id, *batch);
    add_models(session, *run, *batch);
    return {};
  });
}

Result<Runs::Events> Runs::events(const Principal& principal, std::string_view id, const api::EventQuery& query) {
  // The state first: what is stored after a run has ended is complete.
  const auto run = get(principal, id);
  if (!run) return std::unexpected(run.error());
  auto found = load_events(*run, query);
  if (!found) return std::unexpected(found.error());
  return Events{std::move(*found), is_final(run->status)};
}

Result<std::vector<std::string>> Runs::load_events(const model::Run& run, const api::EventQuery& query) {
  if (run.journal.empty() || ::access(run.journal.c_str(), R_OK) != 0) {
    const auto stored = [&](const api::EventQuery& wanted) {
      return database_.read([&](soci::session& session) -> Result<std::vector<std::string>> {
        return stored_events(session, run.id, wanted);
      });
    };
    auto found = stored(query);
    // A run that never had a journal here has what was sent, which may be nothing.
    if (!found || !found->empty() || run.journal.empty() || !is_final(run.status)) return found;
    const auto any = stored({.after_seq = 0, .limit = 1, .type = {}, .wait = {}});
    if (!any || !any->empty()) return found;
    return fail(ErrorCode::not_found, "the events of run " + run.id + " are gone",
                "they were in the journal " + run.journal);
  }
  // What could not be recorded when the run ended may fit now; if not, what is there is shown.
  static_cast<void>(audit::complete(run.journal));
  const bool goes_on = followed_ && followed_->run_id == run.id && followed_->seq == query.after_seq;
  if (!goes_on) followed_.emplace(run.id, 0, audit::JournalReader{run.journal});
  std::vector<std::string> found;
  const auto read = followed_->journal.read_new([&](std::span<const std::string> lines) -> Result<void> {
    for (const auto& line : lines) {
      if (!is_full(found, query) && is_wanted(line, query)) found.push_back(line);
      followed_->seq = static_cast<std::uint64_t>(seq_of(line));
    }
    return {};
  });
  // Lines that were read and not handed out have to be read again.
  if (!read || is_full(found, query) || !query.type.empty()) followed_.reset();
  if (!read) return std::unexpected(read.error());
  return found;
}

Result<void> Runs::recover() {
  if (journals_ == Journals::elsewhere) return close_silent();
  const auto open_runs = database_.read([&](soci::session& session) -> Result<std::vector<model::Run>> {
    model::Run run;
    store::Statement query{session};
    query.into(run.id).into(run.journal);
    query.prepare(
        "SELECT id, journal FROM runs WHERE status IN ('RUNNING', 'PAUSED_APPROVAL', 'PAUSED_CONSENT') "
        "AND journal <> ''");
    std::vector<model::Run> found;
    while (query.fetch()) found.push_back(run);
    return found;
  });
  if (!open_runs) return std::unexpected(open_runs.error());
  for (const auto& run : *open_runs) {
    if (audit::is_held(run.journal)) continue;
    if (auto closed = close_lost(run.id, run.journal); !closed) return closed;
  }
  return {};
}

Result<void> Runs::close_lost(const std::string& id, const std::string& journal) {
  // A runner reports its end before it lets go of the journal, so that what is still open now was left open.
  const Principal owner{.kind = Principal::Kind::local, .role = Role::admin};
  const auto state = get(owner, id);
  if (!state || is_final(state->status)) return {};
  std::string reason = "runner lost";
  if (const auto completed = audit::complete(journal); !completed) {
    reason += "; what it had under way could not be recorded: " + completed.error().message;
  }
  Batch all;
  const auto read = audit::JournalReader{journal}.read_new([&](std::span<const std::string> lines) -> Result<void> {
    const std::vector<std::string_view> views{lines.begin(), lines.end()};
    const auto batch = batch_of(views, all.last_seq);
    if (!batch) return std::unexpected(batch.error());
    all.last_seq = batch->last_seq;
    all.calls += batch->calls;
    all.refused += batch->refused;
    all.approved += batch->approved;
    all.observed += batch->observed;
    for (const auto& one : batch->models) model::add_up(all.models, one);
    return {};
  });
  if (!read) reason += "; its journal could not be read to the end: " + read.error().message;
  const api::RunCounts counts{static_cast<std::uint64_t>(all.calls), static_cast<std::uint64_t>(all.refused),
                              static_cast<std::uint64_t>(all.approved), std::move(all.models),
                              static_cast<std::uint64_t>(all.observed)};
  const auto closed = change(owner, id, {model::RunStatus::failed, {}, reason, counts});
  if (!closed && closed.error().code != ErrorCode::conflict) return std::unexpected(closed.error());
  return {};
}

}  // namespace runagents::server
