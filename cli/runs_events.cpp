#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/objects.hpp"
#include "cli/outage.hpp"
#include "cli/output/print.hpp"
#include "cli/output/table.hpp"
#include "cli/runs.hpp"

namespace runagents::cli {
namespace {

using nlohmann::json;
using output::Cell;
using output::Colour;

constexpr std::chrono::milliseconds follow_wait{1000};

std::string text(const json& event, const char* name) {
  const auto found = event.find(name);
  if (found == event.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Colour colour_of(const std::string& decision) {
  if (decision == "refused") return Colour::red;
  if (decision == "approved") return Colour::yellow;
  return decision == "allowed" ? Colour::green : Colour::cyan;
}

/// What happened: the decision on a call, or the type of an event of the run itself.
Cell what(const json& event) {
  const auto decision = text(event, "decision");
  return {decision.empty() ? text(event, "type") : decision, colour_of(decision)};
}

std::string rule_of(const json& event) {
  const auto policy = text(event, "policy");
  const auto rule = text(event, "rule");
  return rule.empty() ? policy : fmt::format("{}#{}", policy, rule);
}

std::string call_of(const json& event) {
  const auto method = text(event, "method");
  return method.empty() ? text(event, "detail") : fmt::format("{} {}", method, text(event, "url"));
}

/// What the agent got; of a gRPC call that failed its own status as well, because the other one is 200.
std::string status_of(const json& event) {
  const auto grpc = text(event, "grpc_status");
  const auto status = text(event, "status");
  return grpc.empty() || grpc == "0" ? status : status + " grpc " + grpc;
}

output::Row row_of(const std::string& line) {
  const auto event = json::parse(line, nullptr, false);
  const auto seq = text(event, "seq");
  const auto ts = text(event, "ts");
  return {.cells = {{seq},
                    {ts.size() > 23 ? ts.substr(11, 12) : ts},
                    what(event),
                    {call_of(event)},
                    {status_of(event)},
                    {text(event, "code")},
                    {rule_of(event)}},
          .name = seq,
          .json = line};
}

std::vector<output::Column> event_columns() {
  return {{"SEQ"}, {"TIME"}, {"WHAT"}, {.title = "CALL", .shrinks = true}, {"STATUS"}, {"CODE"}, {"RULE"}};
}

Result<std::vector<std::string>> read_all(api::ControlPlane& plane, std::string_view run_id) {
  return plane.events(run_id, {.after_seq = 0, .limit = 0, .type = {}, .wait = std::chrono::milliseconds{0}});
}

/// One line per event as it comes: a table that grows cannot be aligned over all its rows.
Result<void> print_growing(const std::vector<std::string>& lines, const Context& context) {
  if (context.output.format != output::Format::table || !context.output.fields.empty()) {
    auto options = context.output;
    if (options.format == output::Format::json) options.format = output::Format::jsonl;
    output::Listing listing;
    for (const auto& line : lines) listing.rows.push_back(row_of(line));
    return output::print(listing, options, context.terminal);
  }
  for (const auto& line : lines) {
    const auto cells = row_of(line).cells;
    const bool colour = context.terminal.colour_out;
    context.terminal.out << fmt::format("{}  {}  {}  {} {} {}\n", cells[1].text,
                                        output::paint(fmt::format("{:<9}", cells[2].text), cells[2].colour, colour),
                                        output::printable(cells[3].text), cells[4].text, cells[5].text, cells[6].text);
  }
  return {};
}

std::uint64_t last_seq(const std::vector<std::string>& lines, std::uint64_t before) {
  if (lines.empty()) return before;
  const auto event = json::parse(lines.back(), nullptr, false);
  return event.value("seq", before);
}

Outcome follow(const RunsEvents& options, const model::Run& run, api::ControlPlane& plane, Context& context) {
  Outage outage{context};
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
      return options.type.empty() || text(json::parse(line, nullptr, false), "type") == options.type;
    });
    const auto printed = print_growing(wanted, context);
    if (!printed) return std::unexpected(printed.error());
    context.terminal.out.flush();
    seq = last_seq(*lines, seq);
    if (over && lines->empty()) return 0;
  }
  return 0;
}

/// Where in the run an event happened: "+12.3 s".
std::string offset(const json& event, model::Time start) {
  const auto time = model::from_iso8601(text(event, "ts"));
  if (!time) return {};
  const auto since = std::max(*time - start, std::chrono::milliseconds{0});
  return fmt::format("+{:.3f} s", static_cast<double>(since.count()) / 1000.0);
}

std::string length(const json& event, const char* name) {
  const auto microseconds = event.value(name, std::uint64_t{0});
  if (microseconds < 1000) return {};
  return output::duration(std::chrono::milliseconds{microseconds / 1000});
}

}  // namespace

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
  for (const auto& line : *lines) listing.rows.push_back(row_of(line));
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome print_timeline(const RunsTimeline& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  const auto lines = read_all(**plane, run->id);
  if (!lines) return std::unexpected(lines.error());
  output::Listing listing{
      .columns = {{"AT"}, {"WHAT"}, {.title = "CALL", .shrinks = true}, {"STATUS"}, {"WHY"}, {"WAITED"}, {"UPSTREAM"}},
      .rows = {},
      .when_empty = "no events"};
  for (const auto& line : *lines) {
    const auto event = json::parse(line, nullptr, false);
    const auto code = text(event, "code");
    const auto why = code.empty() ? rule_of(event) : code + " " + rule_of(event);
    listing.rows.push_back({.cells = {{offset(event, run->created_at)},
                                      what(event),
                                      {call_of(event)},
                                      {status_of(event)},
                                      {why},
                                      {length(event, "us_queue")},
                                      {length(event, "us_upstream")}},
                            .name = text(event, "seq"),
                            .json = line});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome export_run(const RunsExport& options, Context& context) {
  const auto plane = context.control_plane();
  if (!plane) return std::unexpected(plane.error());
  const auto run = find_run(options.id, **plane);
  if (!run) return std::unexpected(run.error());
  const auto lines = read_all(**plane, run->id);
  if (!lines) return std::unexpected(lines.error());
  auto& out = context.terminal.out;
  if (options.format == "jsonl") {
    for (const auto& line : *lines) out << line << '\n';
    return 0;
  }
  // The lines stay as they were recorded: their hashes are over these very bytes.
  out << "{\"run\":" << json_of(*run) << ",\"events\":[";
  for (const auto& line : *lines) out << (&line == lines->data() ? "\n" : ",\n") << line;
  out << "\n]}\n";
  return 0;
}

}  // namespace runagents::cli
