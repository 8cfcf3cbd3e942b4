#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/output/table.hpp"
#include "cli/run/planes.hpp"
#include "cli/runs/runs.hpp"
#include "core/audit/journal.hpp"
#include "core/audit/journal_reader.hpp"

namespace runagents::cli {
namespace {

using nlohmann::json;
using output::Colour;

/// What the store knows of a run, against its journal: a chain alone does not show that its end was cut off, or that it
/// is another run's.
std::string missing_from(const audit::ChainReport& report, const model::Run& run) {
  if (report.events == 0) return "the journal is empty";
  if (report.run_id != run.id) return fmt::format("the journal is that of the run {}", report.run_id);
  if (report.calls < run.calls) {
    return fmt::format("the run made {} calls, and the journal holds {}", run.calls, report.calls);
  }
  const bool has_ended = run.status == model::RunStatus::completed || run.status == model::RunStatus::cancelled;
  if (has_ended && report.last_type != word(run.status)) return "the event of the run's end is missing";
  return {};
}

/// Of a run whose runner is on this machine, the server has the very lines of the journal: all of them once the run is
/// over. Empty: they agree, or the journal is elsewhere.
Result<std::string> difference(const std::vector<std::string>& lines, const model::Run& run,
                               const std::string& journal) {
  std::vector<std::string> here;
  const auto read = audit::JournalReader{journal}.read_new([&](std::span<const std::string> some) -> Result<void> {
    here.insert(here.end(), some.begin(), some.end());
    return {};
  });
  if (!read) return std::unexpected(read.error());
  const auto [one, other] = std::ranges::mismatch(lines, here);
  if (one != lines.end()) return fmt::format("event {} differs from the journal {}", one - lines.begin() + 1, journal);
  if (other != here.end() && model::is_final(run.status)) {
    return fmt::format("the server has {} of the {} events of the journal {}", lines.size(), here.size(), journal);
  }
  return std::string{};
}

/// Where this machine has the run's journal; empty: it has not.
std::string journal_here(const std::string& id, Context& context) {
  const auto plane = context.local_control_plane();
  if (!plane) return {};
  const auto run = (*plane)->get_run(id);
  return run && run->id == id ? run->journal : std::string{};
}

/// The lines that a server has are proven as they are, and against the journal where that is on this machine.
Result<audit::ChainReport> verify_at_server(model::Run& run, api::ControlPlane& plane, Context& context) {
  const auto lines =
      plane.events(run.id, {.after_seq = 0, .limit = 0, .type = {}, .wait = std::chrono::milliseconds{0}});
  if (!lines) return std::unexpected(lines.error());
  auto report = audit::verify(*lines);
  run.journal = journal_here(run.id, context);
  if (!report.intact || run.journal.empty()) return report;
  auto differs = difference(*lines, run, run.journal);
  if (!differs) return std::unexpected(std::move(differs.error()));
  report.problem = std::move(*differs);
  report.intact = report.problem.empty();
  return report;
}

}  // namespace

Outcome verify_run(const RunsVerify& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  deliver_left_runs(context);
  auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  // What its runner could not record at the end may fit now; until it does, the record is not whole.
  if (auto completed = audit::complete(run->journal); !completed && completed.error().code != ErrorCode::conflict) {
    return std::unexpected(std::move(completed.error()));
  }
  auto report = (*connection)->is_local() ? audit::verify(run->journal) : verify_at_server(*run, **plane, context);
  if (!report) return std::unexpected(report.error());
  if (report->intact) {
    report->problem = missing_from(*report, *run);
    report->intact = report->problem.empty();
  }
  const json object = {{"run_id", run->id},
                       {"intact", report->intact},
                       {"events", report->events},
                       {"torn_tail", report->torn_tail},
                       {"bad_line", report->bad_line},
                       {"problem", report->problem},
                       {"last_hash", report->last_hash},
                       {"journal", run->journal}};
  const bool colour = context.terminal.colour_out;
  auto line = report->intact
                  ? fmt::format("{}  {} events, last hash {}\n", output::paint("intact", Colour::green, colour),
                                report->events, report->last_hash)
                  : fmt::format("{}  {}; {} events are proven\n", output::paint("broken", Colour::red, colour),
                                output::printable(report->problem), report->events);
  if (report->torn_tail) line += "the last line is incomplete: the event in flight when the runner ended\n";
  const auto printed = output::print(output::Card{.text = line, .name = run->id, .json = object.dump()}, context.output,
                                     context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return report->intact ? 0 : exit_code(ErrorCode::bad_outcome);
}

}  // namespace runagents::cli
