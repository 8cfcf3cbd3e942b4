#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <ostream>

#include "cli/output/text.hpp"
#include "cli/recorded/page_parts.hpp"
#include "core/model/model_usage.hpp"

namespace runagents::cli {
namespace {

using std::chrono::microseconds;

/// What the calls to one tool, or all, came to.
struct Sum {
  std::uint64_t calls = 0;
  std::uint64_t allowed = 0;
  std::uint64_t approved = 0;
  std::uint64_t refused = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  microseconds waited{0};
  microseconds upstream{0};

  void add(const RecordedEvent& event) {
    const auto decision = event.text("decision");
    ++calls;
    allowed += decision == "allowed" ? 1 : 0;
    approved += decision == "approved" ? 1 : 0;
    refused += decision == "refused" ? 1 : 0;
    sent += event.count("bytes_in");
    received += event.count("bytes_out");
    waited += event.waited;
    upstream += event.upstream;
  }
};

std::string fact(std::string_view name, std::string_view value, std::string_view style = {}) {
  if (value.empty()) return {};
  return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", name, style, shown(value));
}

std::string count(std::string_view name, std::string_view value, std::string_view note, std::string_view style = {}) {
  return fmt::format("<div class=\"{}\"><dt>{}</dt><dd>{}<small>{}</small></dd></div>", style, name, value, note);
}

std::string_view style_of(model::RunStatus status) {
  if (status == model::RunStatus::completed) return "good";
  if (status == model::RunStatus::failed || status == model::RunStatus::cancelled) return "bad";
  return status == model::RunStatus::running ? "" : "paused";
}

std::string share_of(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0 || part == 0) return {};
  return fmt::format("{:.{}f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole),
                     part * 10 < whole ? 1 : 0);
}

/// A number of calls that is worth a colour when there are any.
std::string decided(std::string_view name, std::string_view style, std::uint64_t part, std::uint64_t whole) {
  return count(name, with_commas(part), share_of(part, whole), part == 0 ? "none" : style);
}

void write_counts(std::ostream& out, const model::Run& run, const Sum& all) {
  out << "<dl class=\"counts\">" << count("Calls", with_commas(all.calls), {})
      << decided("Allowed", "allowed", all.allowed, all.calls)
      << decided("Approved", "approved", all.approved, all.calls)
      << decided("Refused", "refused", all.refused, all.calls)
      << count("Waited", exact_duration(all.waited), "in all calls", all.waited == microseconds{0} ? "none" : "")
      << count("Received", output::bytes(all.received), fmt::format("{} sent", output::bytes(all.sent)));
  std::uint64_t calls = 0;
  std::uint64_t tokens = 0;
  model::PicoDollars cost = 0;
  for (const auto& one : run.models) {
    calls += one.calls;
    tokens += one.input_tokens + one.output_tokens;
    cost += one.cost;
  }
  if (calls != 0) {
    out << count("Models", model::dollars(cost),
                 fmt::format("{} token{} in {} call{}", with_commas(tokens), tokens == 1 ? "" : "s", with_commas(calls),
                             calls == 1 ? "" : "s"));
  }
  out << "</dl>\n";
}

constexpr std::size_t slots = 120;
constexpr std::array<std::string_view, 4> kinds = {"refused", "approved", "allowed", "other"};
using Slot = std::array<std::uint64_t, kinds.size()>;

/// Calls by when they began, as columns of their decisions.
void write_pulse(std::ostream& out, std::span<const RecordedEvent> events, const Span& span, const Sum& all) {
  std::array<Slot, slots> columns{};
  std::uint64_t highest = 1;
  for (const auto& event : events) {
    if (!event.is_call) continue;
    const auto part = std::clamp(
        static_cast<double>((event.start - span.from).count()) / static_cast<double>((span.to - span.from).count()),
        0.0, 1.0);
    auto& column = columns.at(std::min(static_cast<std::size_t>(part * slots), slots - 1));
    const auto decision = event.text("decision");
    const auto* kind = std::ranges::find(kinds, cli::style_of(decision));
    ++column.at(static_cast<std::size_t>(kind - kinds.begin()));
    highest = std::max(highest, column[0] + column[1] + column[2] + column[3]);
  }
  out << fmt::format(
      "<figure class=\"pulse\"><svg viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" "
      "aria-label=\"Calls over time: {} allowed, {} approved, {} refused, {} at most in one column\">",
      slots * 10, all.allowed, all.approved, all.refused, highest);
  for (std::size_t i = 0; i < slots; ++i) {
    double top = 100;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      const auto number = columns.at(i).at(kind);
      if (number == 0) continue;
      // One refusal among thousands of calls must still be seen.
      const double height = std::max(96.0 * static_cast<double>(number) / static_cast<double>(highest), 4.0);
      top = std::max(top - height, 0.0);
      out << fmt::format(R"(<rect class="{}" x="{}" y="{:.1f}" width="8" height="{:.1f}"/>)", kinds.at(kind),
                         i * 10 + 1, top, height);
    }
  }
  out << "</svg>" << axis(span, 4)
      << "<figcaption><span>Calls over time</span><span class=\"key allowed\">allowed</span>"
         "<span class=\"key approved\">approved</span><span class=\"key "
         "refused\">refused</span></figcaption></figure>\n";
}

void write_tools(std::ostream& out, const std::map<std::string, Sum>& tools) {
  constexpr std::size_t most = 50;
  out << "<section><h2>By tool</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Calls by tool\">"
         "<table class=\"plain\"><thead><tr><th scope=\"col\">Tool</th><th scope=\"col\">Calls</th>"
         "<th scope=\"col\">Refused</th><th scope=\"col\">Received</th><th "
         "scope=\"col\">Upstream</th></tr></thead><tbody>";
  std::size_t written = 0;
  for (const auto& [name, sum] : tools) {
    if (++written > most) break;
    out << fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                       name.empty() ? "no tool" : shown(name), with_commas(sum.calls), with_commas(sum.refused),
                       output::bytes(sum.received), exact_duration(sum.upstream));
  }
  out << "</tbody></table></div>";
  if (tools.size() > most) out << fmt::format("<p>and {} more</p>", tools.size() - most);
  out << "</section>";
}

void write_models(std::ostream& out, const std::vector<model::ModelUsage>& models) {
  out << "<section><h2>By model</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Use of models\">"
         "<table class=\"plain\"><thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Calls</th>"
         "<th scope=\"col\">Input</th><th scope=\"col\">Output</th><th scope=\"col\">Cost</th></tr></thead><tbody>";
  for (const auto& one : models) {
    out << fmt::format("<tr><td>{}/{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", shown(one.provider),
                       shown(one.model), with_commas(one.calls), with_commas(one.input_tokens),
                       with_commas(one.output_tokens), model::dollars(one.cost));
  }
  out << "</tbody></table></div></section>";
}

}  // namespace

void write_heading(std::ostream& out, const model::Run& run, model::Time now) {
  auto status = std::string{word(run.status)};
  if (run.exit_code) status += fmt::format(" · exit {}", *run.exit_code);
  const auto ended = run.finished_at.value_or(std::max(now, run.created_at));
  out << fmt::format("<header class=\"top\"><div class=\"title\"><h1>{}</h1><span class=\"state {}\">{}</span></div>",
                     shown(run.agent), style_of(run.status), shown(status))
      << "<dl class=\"facts\">" << fact("Run", run.id, " class=\"mono\"")
      << fact("Started", model::to_iso8601(run.created_at))
      << fact(run.finished_at ? "Took" : "For now", output::duration(ended - run.created_at))
      << fact("For", run.end_user.empty() ? "nobody (no end user)" : run.end_user) << fact("Isolation", run.isolation)
      << fact("Command", output::shorten(fmt::format("{}", fmt::join(run.command, " ")), 300), " class=\"mono\"")
      << fact("Reason", run.reason) << "</dl></header>\n";
}

void write_sums(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events, const Span& span) {
  Sum all;
  std::map<std::string, Sum> tools;
  for (const auto& event : events) {
    if (!event.is_call) continue;
    all.add(event);
    tools[event.text("tool")].add(event);
  }
  write_counts(out, run, all);
  write_pulse(out, events, span, all);
  if (all.calls == 0) return;
  out << "<div class=\"sums\">";
  write_tools(out, tools);
  if (!run.models.empty()) write_models(out, run.models);
  out << "</div>\n";
}

}  // namespace runagents::cli
