#include "cli/recorded/page.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include "cli/embedded_files.hpp"
#include "cli/recorded/page_parts.hpp"
#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"

namespace runagents::cli {
namespace {

std::string source(std::string_view text) {
  return fmt::format("'sha256-{}'", auth::base64(auth::view(auth::sha256(text))));
}

/// Nothing is loaded, sent or executed but the two texts of this program; no text becomes markup (Trusted Types).
std::string policy(std::string_view style, std::string_view script) {
  return fmt::format(
      "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'; "
      "require-trusted-types-for 'script'; trusted-types 'none'",
      source(style), source(script));
}

Span span_of(const model::Run& run, std::span<const RecordedEvent> events) {
  Span span{.from = run.created_at, .to = run.finished_at.value_or(run.created_at)};
  for (const auto& event : events) {
    span.from = std::min(span.from, event.start);
    span.to = std::max(span.to, event.start + event.took());
  }
  // A line whose time cannot be read would make everything else a point.
  constexpr std::chrono::hours longest{24 * 366};
  span.from = std::max(span.from, Moment{run.created_at} - longest);
  span.to = std::clamp(span.to, span.from + std::chrono::milliseconds{1}, span.from + 2 * longest);
  return span;
}

void write_footer(std::ostream& out, const model::Run& run, model::Time now) {
  out << fmt::format(
      "<footer><p class=\"with keys\">In the table: <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> shows all "
      "of an event, <kbd>Esc</kbd> hides it, <kbd>/</kbd> searches.</p>"
      "<p>Written by runagents {} at {}. Values in queries are masked. The record itself: <code>runagents runs export "
      "{}</code>; its proof: <code>runagents runs verify {}</code>.</p></footer>",
      RUNAGENTS_VERSION, model::to_iso8601(now), shown(run.id), shown(run.id));
}

}  // namespace

void write_page(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events, model::Time now) {
  const auto style = embedded_text("recorded/page.css");
  const auto script = embedded_text("recorded/page.js");
  const auto span = span_of(run, events);
  out << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      << "<meta http-equiv=\"Content-Security-Policy\" content=\"" << policy(style, script) << "\">"
      << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      << "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"robots\" content=\"noindex\">"
      << fmt::format("<title>Run {} of {}</title>", shown(run.id), shown(run.agent)) << "<style>" << style
      << "</style></head>\n<body><a class=\"skip\" href=\"#calls\">Skip to the events</a>\n";
  write_heading(out, run, now);
  out << "<main>\n";
  write_sums(out, run, events, span);
  write_filters(out, events);
  write_rows(out, events, span);
  out << "</main>\n";
  write_footer(out, run, now);
  write_data(out, events);
  out << "<script>" << script << "</script>\n</body></html>\n";
}

}  // namespace runagents::cli
