#include "cli/approvals/approval_card.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "cli/approvals/approval_words.hpp"
#include "cli/approvals/readable_body.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;
using output::Colour;
using output::Line;

constexpr std::size_t label_width = 9;
constexpr std::size_t card_body_lines = 200;
constexpr std::size_t question_body_lines = 20;
/// Longer texts would push what matters off the screen; the whole call then stands at the end.
constexpr std::size_t most_call_columns = 240;
constexpr std::size_t most_name_columns = 120;

Line headline(const ApprovalRequest& request, model::Time now) {
  const bool pending = request.status == ApprovalStatus::pending;
  Line line;
  line.spans.push_back({output::printable(request.id), Colour::bold});
  line.spans.push_back({"  " + std::string{word(request.status)}, pending ? Colour::yellow : Colour::bold});
  line.spans.push_back({fmt::format("  asked {}", output::relative(request.created_at, now))});
  if (pending) line.spans.push_back({fmt::format(", {} left", time_left(request, now)), Colour::yellow});
  return line;
}

std::string decision_of(const ApprovalRequest& request) {
  if (request.status == ApprovalStatus::pending) return {};
  if (request.status == ApprovalStatus::expired) return "nobody decided in time";
  auto text = fmt::format("{} by {}", word(request.status), request.approver);
  if (request.scope) text += fmt::format(", scope {}", word(*request.scope));
  if (!request.reason.empty()) text += ": " + request.reason;
  return text;
}

/// "2026-11-27 03:42:47 UTC".
std::string clock_of(model::Time time) {
  auto text = model::to_iso8601(time);
  text.replace(10, 1, " ");
  return text.substr(0, 19) + " UTC";
}

std::string waits(const ApprovalRequest& request) {
  return fmt::format("since {}, until {}", clock_of(request.created_at), clock_of(request.expires_at));
}

void add_body(std::vector<Line>& lines, const ApprovalRequest& request, std::size_t most) {
  if (!has_readable_body(request)) return;
  for (auto& one : readable_body(request.body_preview, request.content_type, most)) {
    lines.push_back({.spans = {{"  | ", Colour::dim}, {std::move(one)}}, .hanging = 4});
  }
}

Line command(std::string_view text) { return {.spans = {{"  "}, {std::string{text}, Colour::bold}}, .hanging = 4}; }

}  // namespace

std::vector<Line> approval_lines(const ApprovalRequest& request, model::Time now, std::size_t most_body_lines) {
  const auto& action = request.action;
  std::vector<Line> lines{headline(request, now), {}};
  const auto call = output::printable(call_of(request));
  const bool is_long = output::columns(call) > most_call_columns;
  lines.push_back({.spans = {{"  "}, {output::shorten(call, most_call_columns), Colour::bold}}, .hanging = 4});
  if (is_long) lines.push_back({.spans = {{"  (the whole call stands at the end)", Colour::red}}});
  lines.push_back({.spans = {{"  for "},
                             {output::shorten(output::printable(for_whom(request)), most_name_columns), Colour::bold},
                             {", by the agent "},
                             {output::shorten(output::printable(action.agent), most_name_columns), Colour::bold}},
                   .hanging = 4});
  lines.push_back(
      {.spans = {{"  with "}, {output::shorten(output::printable(body_in_words(request)), most_name_columns)}},
       .hanging = 4});
  add_body(lines, request, most_body_lines);
  lines.emplace_back();
  const auto add = [&lines](std::string_view label, const std::string& value) {
    if (!value.empty()) lines.push_back(output::labelled_line(label, label_width, value));
  };
  add("decision", decision_of(request));
  add("waits", waits(request));
  add("run", request.run_id);
  add("tool", action.tool);
  add("operation", action.capability.empty() ? "any (the tool declares none)" : action.capability);
  add("because", fmt::format("policy {}, rule {}", request.policy, request.rule));
  add("approvers", fmt::format("{}", fmt::join(request.approver_groups, ", ")));
  add("SHA-256", body_digest(request));
  if (is_long) add("call", call);
  return lines;
}

std::vector<Line> scope_lines(const ApprovalRequest& request, const std::vector<std::string>& words) {
  constexpr std::array scopes = {model::Scope::once, model::Scope::run, model::Scope::window};
  std::size_t width = 0;
  for (const auto& one : words) width = std::max(width, output::columns(one));
  std::vector<Line> lines;
  for (std::size_t i = 0; i < std::min(words.size(), scopes.size()); ++i) {
    auto line = output::labelled_line(words[i], width, meaning_of(scopes.at(i), request));
    line.spans.front().colour = Colour::bold;
    line.spans.insert(line.spans.begin(), {"  ", Colour::plain});
    line.hanging += 2;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string approval_card(const ApprovalRequest& request, model::Time now, bool colour, std::size_t width) {
  auto lines = approval_lines(request, now, card_body_lines);
  if (request.status == ApprovalStatus::pending) {
    lines.emplace_back();
    lines.push_back(output::line_of("What each scope allows"));
    std::ranges::move(scope_lines(request, {"once", "run", "window"}), std::back_inserter(lines));
    lines.emplace_back();
    const auto id = output::printable(request.id.substr(0, 8));
    lines.push_back(command(fmt::format("runagents approvals approve {} --scope once", id)));
    lines.push_back(command(fmt::format("runagents approvals reject {} --reason WHY", id)));
  }
  return output::text_of(output::wrapped(lines, width), colour);
}

std::string approval_question(const ApprovalRequest& request, model::Time now, std::size_t width) {
  std::vector<Line> lines{{}, output::line_of("an agent asks for approval")};
  std::ranges::move(approval_lines(request, now, question_body_lines), std::back_inserter(lines));
  lines.emplace_back();
  lines.push_back(output::line_of("Approve it?"));
  std::ranges::move(scope_lines(request, {"y", "run", "window"}), std::back_inserter(lines));
  auto no = output::labelled_line("n", 6, "reject it; the agent is told");
  no.spans.insert(no.spans.begin(), {"  ", Colour::plain});
  lines.push_back(std::move(no));
  return output::text_of(output::wrapped(lines, width), false) + "[y/run/window/n] ";
}

}  // namespace runagents::cli
