#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include "cli/objects/objects.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/print.hpp"
#include "cli/output/table.hpp"
#include "cli/recorded/event.hpp"
#include "cli/recorded/har.hpp"
#include "cli/recorded/page.hpp"
#include "cli/runs/outage.hpp"
#include "cli/runs/runs.hpp"

namespace runagents::cli {
namespace {

using output::Cell;
using output::Colour;

constexpr std::chrono::milliseconds follow_wait{1000};

Colour colour_of(const std::string& decision) {
  if (decision == "refused") return Colour::red;
  if (decision == "approved" || decision == "observed") return Colour::yellow;
  return decision == "allowed" ? Colour::green : Colour::cyan;
}

/// What happened: the decision on a call, or the type of an event of the run itself.
Cell what(const RecordedEvent& event) {
  const auto decision = event.text("decision");
  return {decision.empty() ? event.text("type") : decision, colour_of(decision)};
}

std::string call_of(const RecordedEvent& event) {
  const auto method = event.text("method");
  return method.empty() ? event.text("detail") : fmt::format("{} {}", method, event.text("url"));
}

/// Why it was refused; of a call that only a run that observes lets out, why it would have been.
std::string code_of(const RecordedEvent& event) {
  const auto code = event.text("code");
  if (!code.empty() || event.text("decision") != "observed") return code;
  return event.text("would_code");
}

/// What the agent got; of a gRPC call that failed its own status as well, because the other one is 200.
std::string status_of(const RecordedEvent& event) {
  const auto grpc = event.text("grpc_status");
  const auto status = event.text("status");
  return grpc.empty() || grpc == "0" ? status : status + " grpc " + grpc;
}

std::vector<output::Column> event_columns() {
  return {{"SEQ"}, {"TIME"}, {"WHAT"}, {.title = "CALL", .shrinks = true}, {"STATUS"}, {"CODE"}, {"RULE"}};
}

/// One line per event as it comes: a table that grows cannot be aligned over all its rows.
Result<void> print_growing(const std::vector<std::string>& lines, const Context& context) {
  if (context.output.format != output::Format::table || !context.output.fields.empty()) {
    auto options = context.output;
    if (options.format == output::Format::json) options.format = output::Format::jsonl;
    output::Listing listing;
    for (const auto& line : lines) listing.rows.push_back(event_row(line));
    return output::print(listing, options, context.terminal);
  }
  for (const auto& line : lines) {
    const auto cells = event_row(line).cells;
    const bool colour = context.terminal.colour_out;
    const auto text = [&cells](std::size_t at) { return output::printable(cells[at].text); };
    const auto shown = fmt::format("{}  {}  {}  {} {} {}\n", text(1),
                                   output::paint(fmt::format("{:<9}", text(2)), cells[2].colour, colour), text(3),
                                   text(4), text(5), text(6));
    context.terminal.out << output::fitted(shown, context.terminal.width);
  }
  return {};
}

std::uint64_t last_seq(const std::vector<std::string>& lines, std::uint64_t before) {
  if (lines.empty()) return before;
  const auto seq = read_event(lines.back()).count("seq");
  return seq == 0 ? before : seq;
}

Outcome follow(const RunsEvents& options, const model::Run& run, api::ControlPlane& plane, Context& context) {
  Outage outage{context};
  const auto end = context.now() + options.timeout;
  std::uint64_t seq = options.after;
  while (context.terminal.out.good()) {
    // Asked before the events are read: what a run writes last is there when it is final.
    const auto now = plane.get_run(run.id);
    if (!now && outage.sit_out(now.error())) continue;
    if (!now) return std::unexpected(now.error());
    const bool over = model::is_final(now->status);
    const auto lines = plane.events(
        run.id, {.after_seq = seq, .limit = 0, .type = {}, .wait = over ? std::chrono::milliseconds{0} : follow_wait});
    if (!lines && outage.sit_out(lines.error())) continue;
    if (!lines) return std::unexpected(lines.error());
    outage.end();
    std::vector<std::string> wanted;
    std::ranges::copy_if(*lines, std::back_inserter(wanted), [&options](const std::string& line) {
      return options.type.empty() || read_event(line).type == options.type;
    });
    const auto printed = print_growing(wanted, context);
    if (!printed) return std::unexpected(printed.error());
    context.terminal.out.flush();
    seq = last_seq(*lines, seq);
    if (over && lines->empty()) return 0;
    if (options.timeout.count() > 0 && context.now() >= end) return 0;
  }
  return 0;
}

/// Where in the run an event happened: "+12.3 s".
std::string offset(const RecordedEvent& event, model::Time start) {
  const auto time = model::from_iso8601(event.text("ts"));
  if (!time) return {};
  const auto since = std::max(*time - start, std::chrono::milliseconds{0});
  return fmt::format("+{:.3f} s", static_cast<double>(since.count()) / 1000.0);
}

std::string length(const RecordedEvent& event, const char* name) {
  const auto microseconds = event.count(name);
  if (microseconds < 1000) return {};
  return output::duration(std::chrono::milliseconds{microseconds / 1000});
}

}  // namespace

Result<RunRecord> record_of_run(const std::string& id, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  auto run = find_run(id, **plane);
  if (!run) return std::unexpected(run.error());
  auto lines =
      (*plane)->events(run->id, {.after_seq = 0, .limit = 0, .type = {}, .wait = std::chrono::milliseconds{0}});
  if (!lines) return std::unexpected(lines.error());
  return RunRecord{.run = std::move(*run), .lines = std::move(*lines)};
}

output::Row event_row(const std::string& line) {
  const auto event = read_event(line);
  const auto seq = event.text("seq");
  const auto ts = event.text("ts");
  return {.cells = {{seq},
                    {ts.size() > 23 ? ts.substr(11, 12) : ts},
                    what(event),
                    {call_of(event)},
                    {status_of(event)},
                    {code_of(event)},
                    {event.rule()}},
          .name = seq,
          .json = line};
}

Outcome print_events(const RunsEvents& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  if (options.follow) return follow(options, *run, **plane, context);
  const auto lines = (*plane)->events(
      run->id, {.after_seq = options.after, .limit = 0, .type = options.type, .wait = std::chrono::milliseconds{0}});
  if (!lines) return std::unexpected(lines.error());
  output::Listing listing{.columns = event_columns(), .rows = {}, .when_empty = "no events"};
  for (const auto& line : *lines) listing.rows.push_back(event_row(line));
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome print_timeline(const RunsTimeline& options, Context& context) {
  const auto record = record_of_run(options.id, context);
  if (!record) return std::unexpected(record.error());
  const auto& [run, lines] = *record;
  output::Listing listing{
      .columns = {{"AT"}, {"WHAT"}, {.title = "CALL", .shrinks = true}, {"STATUS"}, {"WHY"}, {"WAITED"}, {"UPSTREAM"}},
      .rows = {},
      .when_empty = "no events"};
  for (const auto& line : lines) {
    const auto event = read_event(line);
    const auto code = code_of(event);
    const auto why = code.empty() ? event.rule() : code + " " + event.rule();
    listing.rows.push_back({.cells = {{offset(event, run.created_at)},
                                      what(event),
                                      {call_of(event)},
                                      {status_of(event)},
                                      {why},
                                      {length(event, "us_queue")},
                                      {length(event, "us_upstream")}},
                            .name = event.text("seq"),
                            .json = line});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome export_run(const RunsExport& options, Context& context) {
  const auto record = record_of_run(options.id, context);
  if (!record) return std::unexpected(record.error());
  const auto& [run, lines] = *record;
  auto& out = context.terminal.out;
  if (options.format == "jsonl") {
    for (const auto& line : lines) out << line << '\n';
    return 0;
  }
  if (options.format == "har") {
    write_har(out, run, read_recorded(lines));
    return 0;
  }
  if (options.format == "html") {
    write_page(out, run, read_recorded(lines), context.now());
    return 0;
  }
  // The lines stay as they were recorded: their hashes are over these very bytes.
  out << "{\"run\":" << json_of(run) << ",\"events\":[";
  for (const auto& line : lines) out << (&line == lines.data() ? "\n" : ",\n") << line;
  out << "\n]}\n";
  return 0;
}

}  // namespace runagents::cli
