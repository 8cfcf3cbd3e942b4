#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <ostream>

#include "cli/output/text.hpp"
#include "cli/recorded/page_parts.hpp"
#include "core/model/model_usage.hpp"

namespace runagents::cli {
namespace {

using std::chrono::microseconds;

/// Of a text in a row; all of it is in the details.
constexpr std::size_t max_columns = 300;

std::string brief(std::string_view text) {
  return shown(output::shorten(text, max_columns, output::Characters::unicode));
}

/// A page is UTF-8, whatever the locale of the terminal that asked for it.
std::string unicode(std::string_view text) { return output::printable(text, output::Characters::unicode); }

/// "RUN_CREATED" as "Run created".
std::string in_words(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') text[i] = ' ';
    if (i > 0 && text[i] >= 'A' && text[i] <= 'Z') text[i] = static_cast<char>(text[i] - 'A' + 'a');
  }
  return text;
}

std::string at(const RecordedEvent& event, const Span& span) {
  const auto since = std::max(event.start - span.from, microseconds{0});
  return fmt::format("<td class=\"at n\">{:.3f} s</td>", static_cast<double>(since.count()) / 1'000'000.0);
}

/// The server in a quieter colour than what is asked of it. TLS is what is expected and need not be said.
std::string url_of(std::string url) {
  constexpr std::string_view usual = "https://";
  if (url.starts_with(usual)) url.erase(0, usual.size());
  const auto scheme = url.find("://");
  const auto path = std::min(url.find('/', scheme == std::string::npos ? 0 : scheme + 3), url.size());
  const auto shortened = output::shorten(url, max_columns);
  const auto end = std::min(path, shortened.size());
  return fmt::format("<s>{}</s>{}", shown(shortened.substr(0, end)), shown(shortened.substr(end)));
}

std::string cost_of(const RecordedEvent& event) {
  constexpr double most = 1e6;
  const auto cost = event.number("cost_usd");
  return cost > 0 && cost < most ? model::dollars(static_cast<model::PicoDollars>(std::llround(cost * 1e12))) : "";
}

std::string call_of(const RecordedEvent& event) {
  std::string aside = brief(event.text("capability"));
  if (event.type == "MODEL_CALLED") {
    // What nobody knows has no name but the agent's.
    const auto model = event.text("model");
    aside = brief(model.empty() ? event.text("asked") : model);
  }
  const auto cost = cost_of(event);
  if (!cost.empty()) aside += " · " + cost;
  return fmt::format("<td class=\"call\"><b>{}</b> {}{}</td>", shown(event.text("method")),
                     aside.empty() ? "" : "<i>" + aside + "</i>", url_of(event.text("url")));
}

std::string status_of(const RecordedEvent& event) {
  const auto grpc = event.text("grpc_status");
  auto status = event.text("status");
  if (!grpc.empty() && grpc != "0") status += " grpc " + grpc;
  return fmt::format("<td class=\"status n\">{}</td>", brief(status));
}

std::string why(const RecordedEvent& event) {
  const auto code = event.text("code");
  return fmt::format("<td class=\"why\">{}{}</td>", code.empty() ? "" : "<b>" + brief(code) + "</b> ",
                     brief(event.rule()));
}

std::string data(const RecordedEvent& event) {
  const auto tokens = event.count("input_tokens") + event.count("output_tokens");
  return fmt::format("<td class=\"data n\">{}</td>",
                     tokens != 0 ? with_commas(tokens) + " tok" : output::bytes(event.count("bytes_out")));
}

/// What a call's time went to, as bars where it was.
std::string line(const RecordedEvent& event, const Span& span) {
  std::string out = "<td class=\"line\"><svg aria-hidden=\"true\">";
  const bool refused = event.text("decision") == "refused";
  const std::array<std::pair<char, microseconds>, 3> phases = {
      {{refused ? 'r' : 'd', event.deciding}, {'w', event.waited}, {'u', event.upstream}}};
  auto from = event.start;
  for (const auto& [phase, length] : phases) {
    if (length > microseconds{0}) {
      out += fmt::format(R"(<rect class="{}" x="{}" width="{}" height="100%"/>)", phase, span.place(from),
                         span.share(std::max(length, (span.to - span.from) / 2000)));
    }
    from += length;
  }
  if (!event.is_call) out += fmt::format(R"(<circle class="e" cx="{}" cy="50%" r="3"/>)", span.place(event.start));
  return out + "</svg></td>";
}

std::string row_start(const RecordedEvent& event, std::string_view style, std::string_view decision) {
  return fmt::format(R"(<tr role="row" id="event-{}" class="{}" data-d="{}" data-t="{}">)", event.count("seq"), style,
                     decision, shown(event.text("tool")));
}

std::string call_row(const RecordedEvent& event, const Span& span) {
  const auto decision = event.text("decision");
  return row_start(event, style_of(decision), shown(decision)) + at(event, span) +
         fmt::format("<td class=\"what\"><span class=\"pill\">{}</span></td>", brief(decision)) + call_of(event) +
         status_of(event) + why(event) + data(event) +
         fmt::format("<td class=\"took n\">{}</td>", exact_duration(event.took())) + line(event, span) + "</tr>\n";
}

/// Who decided stands before what they said.
std::string detail_of(const RecordedEvent& event) {
  const auto approver = event.text("approver");
  auto detail = event.text("detail");
  if (approver.empty()) return detail;
  return fmt::format("by {}{}{}", approver, detail.empty() ? "" : ": ", detail);
}

std::string event_row(const RecordedEvent& event, const Span& span) {
  return row_start(event, "event", "event") + at(event, span) +
         fmt::format(
             "<td class=\"what\" colspan=\"2\"><span class=\"pill\">{}</span> {}</td><td class=\"note\" "
             "colspan=\"4\"></td>",
             brief(in_words(event.type)), brief(detail_of(event))) +
         line(event, span) + "</tr>\n";
}

std::string chip(std::string_view word, std::string_view text, std::string_view style, std::uint64_t number) {
  return fmt::format(
      "<label class=\"chip {}\"><input type=\"checkbox\" name=\"decision\" value=\"{}\" checked><span>{} "
      "<b>{}</b></span></label>",
      style, word, text, with_commas(number));
}

}  // namespace

void write_filters(std::ostream& out, std::span<const RecordedEvent> events) {
  std::map<std::string, std::uint64_t> decisions;
  std::map<std::string, std::uint64_t> tools;
  std::uint64_t others = 0;
  for (const auto& event : events) {
    if (!event.is_call) {
      ++others;
      continue;
    }
    ++decisions[event.text("decision")];
    ++tools[event.text("tool")];
  }
  out << "<div class=\"head\"><h2 id=\"heading\">Timeline</h2><p class=\"legend\"><span class=\"key "
         "deciding\">deciding</span><span class=\"key waited\">waiting for a person or a connection</span><span "
         "class=\"key upstream\">upstream</span><span class=\"key event\">event of the run</span></p></div>\n<form "
         "id=\"filters\" class=\"filters\" role=\"search\" aria-label=\"Choose "
         "events\" hidden><fieldset><legend class=\"unseen\">Decision</legend>";
  for (const auto& [decision, number] : decisions) {
    out << chip(shown(decision), shown(decision), style_of(decision), number);
  }
  out << chip("event", "run events", "event", others)
      << "</fieldset><label><span class=\"unseen\">Tool</span><select name=\"tool\"><option value=\"\">all "
         "tools</option>";
  for (const auto& [tool, number] : tools) {
    out << fmt::format("<option value=\"={}\">{} ({})</option>", shown(tool), tool.empty() ? "no tool" : shown(tool),
                       with_commas(number));
  }
  out << "</select></label><label><span class=\"unseen\">Search</span><input type=\"search\" name=\"text\" "
         "placeholder=\"Search URL, code, model\" autocomplete=\"off\" spellcheck=\"false\"></label><output "
         "name=\"count\" aria-live=\"polite\"></output></form>\n";
}

void write_rows(std::ostream& out, std::span<const RecordedEvent> events, const Span& span) {
  out << "<table id=\"calls\" role=\"table\" aria-labelledby=\"heading\"><thead role=\"rowgroup\"><tr role=\"row\">"
         "<th scope=\"col\" class=\"n\">At</th><th scope=\"col\">What</th><th scope=\"col\">Call</th><th scope=\"col\" "
         "class=\"n\">Status</th><th scope=\"col\" class=\"why\">Why</th><th scope=\"col\" "
         "class=\"n\">Received</th><th "
         "scope=\"col\" class=\"n\">Took</th><th scope=\"col\" class=\"line\"><span class=\"unseen\">Timeline</span>"
      << axis(span, 2) << "</th></tr></thead>\n<tbody role=\"rowgroup\">\n";
  for (const auto& event : events) out << (event.is_call ? call_row(event, span) : event_row(event, span));
  out << "</tbody></table>\n<p class=\"empty\" id=\"nothing\"" << (events.empty() ? "" : " hidden")
      << ">No events.</p>\n";
}

void write_data(std::ostream& out, std::span<const RecordedEvent> events) {
  using json = nlohmann::ordered_json;
  constexpr std::array<std::string_view, 4> left_out = {"hash", "prev_hash", "run_id", "agent"};
  out << "<script type=\"application/json\" id=\"events\">[";
  for (const auto& event : events) {
    json own = json::object();
    for (const auto& [name, value] : event.members.items()) {
      if (std::ranges::find(left_out, name) != left_out.end()) continue;
      const bool is_plain = value.is_number() || value.is_boolean();
      own[unicode(name)] = is_plain ? value : json(unicode(event.text(name.c_str())));
    }
    auto written = own.dump(-1, ' ', true, json::error_handler_t::replace);
    out << (&event == events.data() ? "\n" : ",\n");
    // Inside strings only: neither "</script" nor "<!--" is left, and it is the same JSON.
    for (const char c : written) {
      if (c == '<' || c == '>' || c == '&') {
        out << fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out << c;
      }
    }
  }
  out << "\n]</script>\n";
}

}  // namespace runagents::cli
