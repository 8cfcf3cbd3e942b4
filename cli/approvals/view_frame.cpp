// What `approvals watch` shows.

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "cli/approvals/approval_card.hpp"
#include "cli/approvals/approval_words.hpp"
#include "cli/approvals/view.hpp"
#include "cli/live/list.hpp"
#include "cli/live/short_time.hpp"

namespace runagents::cli {
namespace {

using live::Frame;
using live::Size;
using model::ApprovalRequest;
using model::ApprovalStatus;
using output::Cell;
using output::Colour;
using output::Line;

constexpr std::size_t most_body_lines = 1000;

Cell status_of(const ApprovalRequest& request, model::Time now) {
  switch (request.status) {
    case ApprovalStatus::pending: {
      const bool is_urgent = request.expires_at - now < std::chrono::minutes{1};
      return {live::short_left(request.expires_at, now), is_urgent ? Colour::red : Colour::yellow};
    }
    case ApprovalStatus::approved:
      return {"approved", Colour::green};
    case ApprovalStatus::rejected:
      return {"rejected", Colour::red};
    case ApprovalStatus::expired:
      break;
  }
  return {"expired", Colour::dim};
}

std::vector<Cell> row_of(const ApprovalRequest& request, bool is_selected, model::Time now) {
  const auto& action = request.action;
  return {{is_selected ? ">" : " "},
          {request.id.substr(0, 8)},
          status_of(request, now),
          {live::short_age(request.created_at, now)},
          {action.tool},
          {short_call_of(request), Colour::bold},
          {action.end_user.empty() ? "nobody" : action.end_user},
          {action.agent}};
}

const std::vector<live::Column>& columns_of_list() {
  static const std::vector<live::Column> columns{{"", 1},         {"ID", 8},         {"LEFT", 8},    {"AGE", 6, 3},
                                                 {"TOOL", 12, 2}, {.title = "CALL"}, {"FOR", 18, 1}, {"AGENT", 16, 4}};
  return columns;
}

}  // namespace

Frame ApprovalsView::frame(Size size, model::Time now) {
  if (mode_ == Mode::help) return help_frame(size);
  const bool is_list = mode_ == Mode::list || mode_ == Mode::filter;
  return is_list || find(selected_) == nullptr ? list_frame(size, now) : details_frame(size, now);
}

std::vector<Line> ApprovalsView::head(std::string_view note) const {
  const auto waiting = std::ranges::count(requests_, ApprovalStatus::pending, &ApprovalRequest::status);
  Line title{.spans = {{"approvals", Colour::bold}}};
  title.spans.push_back({fmt::format("  {}{} waiting", is_whole_ ? "" : "more than ", waiting),
                         waiting > 0 ? Colour::yellow : Colour::dim});
  std::string of;
  if (!settings_.agent.empty()) of += "  agent " + settings_.agent;
  if (!settings_.run.empty()) of += "  run " + settings_.run;
  if (!filter_.text.empty() && mode_ != Mode::filter) of += fmt::format("  with \"{}\"", filter_.text);
  if (shows_decided_) of += "  and decided ones";
  title.spans.push_back({output::printable(of)});
  title.spans.push_back({output::printable("  at " + settings_.place), Colour::dim});
  return {std::move(title),
          live::news_line({.trouble = trouble_, .message = message_, .is_bad = message_is_bad_, .note = note})};
}

Frame ApprovalsView::list_frame(Size size, model::Time now) {
  live::List list{.above = head({}),
                  .columns = columns_of_list(),
                  .rows = {},
                  .when_empty = has_news_ ? "  Nothing waits. New requests appear here by themselves." : "  asking ...",
                  .filter = mode_ == Mode::filter ? &filter_ : nullptr,
                  .keys = keys(size.columns)};
  for (const auto* request : visible()) {
    const bool is_selected = request->id == selected_;
    if (is_selected) list.selected = list.rows.size();
    list.rows.push_back(row_of(*request, is_selected, now));
  }
  auto page = live::list_page(std::move(list), size);
  page_ = page.height;
  return std::move(page.frame);
}

std::vector<Line> ApprovalsView::panel(const ApprovalRequest& request, Size size) const {
  if (mode_ != Mode::choose && mode_ != Mode::reason) return {};
  std::vector<Line> lines{output::line_of(std::string(size.columns, '-'), Colour::dim)};
  const auto id = request.id.substr(0, 8);
  if (request.status != ApprovalStatus::pending) {
    lines.push_back(
        output::line_of(fmt::format("{} was decided meanwhile: {}", id, word(request.status)), Colour::red));
    return lines;
  }
  if (mode_ == Mode::reason) {
    lines.push_back(output::line_of(fmt::format("Reject {}? The agent is told why:", id), Colour::bold));
    lines.push_back(live::typed_line("> ", reason_, size.columns));
    return lines;
  }
  lines.push_back(output::line_of(fmt::format("Approve {}? Choose what is allowed from now on:", id), Colour::bold));
  std::ranges::move(output::wrapped(scope_lines(request, {"1 once", "2 run", "3 window"}), size.columns),
                    std::back_inserter(lines));
  // The words behind the choices matter less than what they are about.
  if (lines.size() > size.rows / 2) {
    lines.resize(2);
    std::ranges::move(scope_lines(request, {"1 once", "2 run", "3 window"}), std::back_inserter(lines));
  }
  return lines;
}

Frame ApprovalsView::details_frame(Size size, model::Time now) {
  const auto& request = *find(selected_);
  const auto text = output::wrapped(approval_lines(request, now, most_body_lines), size.columns);
  auto below = panel(request, size);
  below.push_back(keys(size.columns));
  constexpr std::size_t head_lines = 2;
  page_ = std::max<std::size_t>(size.rows - std::min(size.rows, head_lines + below.size()), 1);
  scrolled_ = std::min(scrolled_, text.size() > page_ ? text.size() - page_ : 0);
  std::string note;
  if (text.size() > page_) {
    note = fmt::format("lines {} to {} of {}; down shows more", scrolled_ + 1, scrolled_ + page_, text.size());
  }
  std::vector<Line> body(text.begin() + static_cast<std::ptrdiff_t>(scrolled_), text.end());
  Frame frame{.lines = live::stacked(head(note), std::move(body), std::move(below), size)};
  if (mode_ == Mode::reason && request.status == ApprovalStatus::pending) {
    frame.typing = size.rows - std::min<std::size_t>(size.rows, 2);
  }
  return frame;
}

Line ApprovalsView::keys(std::size_t columns) const {
  switch (mode_) {
    case Mode::choose:
      return live::key_line({{"1", "once"}, {"2", "run"}, {"3", "window"}, {"Esc", "back"}, {"Up/Down", "scroll"}},
                            columns);
    case Mode::reason:
      return live::key_line({{"Enter", "reject"}, {"Esc", "back"}, {"Up/Down", "scroll"}}, columns);
    case Mode::filter:
      return live::key_line({{"Enter", "keep"}, {"Esc", "show all"}}, columns);
    case Mode::details:
      return live::key_line({{"a", "approve"}, {"r", "reject"}, {"Esc", "back"}, {"Up/Down", "scroll"}}, columns);
    case Mode::list:
    case Mode::help:
      break;
  }
  return live::key_line({{"a", "approve"},
                         {"r", "reject"},
                         {"Enter", "details"},
                         {"q", settings_.is_part ? "back" : "quit"},
                         {"?", "help"},
                         {"d", shows_decided_ ? "hide decided" : "show decided"},
                         {"/", "filter"},
                         {"Up/Down", "move"}},
                        columns);
}

Frame ApprovalsView::help_frame(Size size) const {
  return live::help_frame("approvals: help",
                          {{"Enter", "all of a request: what will happen, for whom, with which body"},
                           {"a", "approve: shows the request, then asks for the scope"},
                           {"1, 2, 3", "once, for the run, for a while; nothing is approved before that"},
                           {"r", "reject, with a reason that the agent is told"},
                           {"d", "show decided requests too, or hide them"},
                           {"/", "show only requests with a text in them; Esc shows all"}},
                          {{},
                           output::line_of("The cursor stays with its request, whatever comes in. One that is decided "
                                           "elsewhere stays until you move on.")},
                          size);
}

}  // namespace runagents::cli
