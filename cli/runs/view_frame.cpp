// What `runs watch` shows.

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "cli/live/list.hpp"
#include "cli/live/short_time.hpp"
#include "cli/runs/runs.hpp"
#include "cli/runs/view.hpp"

namespace runagents::cli {
namespace {

using live::Frame;
using live::Size;
using model::Run;
using model::RunStatus;
using output::Cell;
using output::Colour;
using output::Line;

std::string count_of(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

Cell status_of(const Run& run) {
  switch (run.status) {
    case RunStatus::running:
      return {run.cancel_requested ? "ending" : "running", Colour::cyan};
    case RunStatus::paused_approval:
      return {"approval", Colour::yellow};
    case RunStatus::paused_consent:
      return {"consent", Colour::yellow};
    case RunStatus::completed:
      return {"completed", Colour::green};
    case RunStatus::failed:
      return {run.exit_code ? fmt::format("failed {}", *run.exit_code) : "failed", Colour::red};
    case RunStatus::cancelled:
      break;
  }
  return {"cancelled", Colour::red};
}

std::string cost_of(const Run& run) {
  model::PicoDollars cost = 0;
  for (const auto& one : run.models) cost += one.cost;
  return run.models.empty() ? "" : model::dollars(cost);
}

std::string took(const Run& run, model::Time now) {
  return live::short_age(run.created_at, run.finished_at.value_or(now));
}

std::string number_or_nothing(std::uint64_t number) { return number == 0 ? "" : std::to_string(number); }

std::vector<Cell> row_of(const Run& run, bool is_selected, std::size_t waiting, model::Time now) {
  return {{is_selected ? ">" : " "},
          status_of(run),
          {run.agent, Colour::bold},
          {std::to_string(run.calls)},
          {number_or_nothing(run.refused), Colour::red},
          {number_or_nothing(waiting), Colour::yellow},
          {cost_of(run)},
          {run.end_user},
          {live::short_age(run.created_at, now)},
          {took(run, now)},
          {run.id},
          {fmt::format("{}", fmt::join(run.command, " "))}};
}

const std::vector<live::Column>& columns_of_list() {
  static const std::vector<live::Column> columns{{"", 1},         {"STATUS", 10},    {"AGENT", 16},
                                                 {"CALLS", 7, 1}, {"REFUSED", 7, 3}, {"WAITS", 5, 2},
                                                 {"COST", 10, 4}, {"FOR", 18, 6},    {"AGE", 6, 5},
                                                 {"TOOK", 6, 8},  {"RUN", 26, 7},    {.title = "COMMAND", .least = 8}};
  return columns;
}

const std::vector<live::Column>& columns_of_events() {
  static const std::vector<live::Column> columns{{"SEQ", 7, 5},
                                                 {"TIME", 12, 2},
                                                 {"WHAT", 18},
                                                 {.title = "CALL", .least = 40},
                                                 {.title = "STATUS", .most = 12, .rank = 1},
                                                 {"CODE", 24, 3},
                                                 {"RULE", 24, 4}};
  return columns;
}

Line pair_line(std::string_view label, std::string_view value, Colour colour = Colour::plain) {
  return output::labelled_line(label, 8, value, colour);
}

std::vector<Line> facts_of(const Run& run, std::size_t waiting, model::Time now) {
  const auto status = status_of(run);
  Line first{.spans = {{output::printable(run.agent), Colour::bold}, {"  " + output::printable(run.id)}}};
  first.spans.push_back({"  " + status.text, status.colour});
  if (!run.reason.empty()) first.spans.push_back({output::printable(fmt::format(" ({})", run.reason))});
  std::vector<Line> lines{std::move(first)};
  lines.push_back(pair_line("command", fmt::format("{}", fmt::join(run.command, " "))));
  lines.push_back(pair_line("for", run.end_user.empty() ? "nobody (no end user)" : run.end_user));
  auto calls = fmt::format("{}, {} approved, {} refused", count_of(run.calls, "call"), run.approved, run.refused);
  if (const auto cost = cost_of(run); !cost.empty()) calls += fmt::format("; models {}", cost);
  lines.push_back(pair_line("so far", fmt::format("{}, in {}", calls, took(run, now))));
  if (waiting > 0) {
    lines.push_back(pair_line(
        "waits", fmt::format("for {}; a shows {}", count_of(waiting, "approval"), waiting == 1 ? "it" : "them"),
        Colour::yellow));
  }
  return lines;
}

}  // namespace

Frame RunsView::frame(Size size, model::Time now) {
  if (shows_approvals()) return approvals_.back()->frame(size, now);
  if (mode_ == Mode::help) return help_frame(size);
  return mode_ == Mode::run ? run_frame(size, now) : list_frame(size, now);
}

Frame RunsView::list_frame(Size size, model::Time now) {
  const auto running = std::ranges::count_if(runs_, [](const Run& run) { return !model::is_final(run.status); });
  Line title{.spans = {{"runs", Colour::bold}, {fmt::format("  {} running", running), Colour::cyan}}};
  if (!filter_.text.empty() && mode_ != Mode::filter) {
    title.spans.push_back({output::printable(fmt::format("  with \"{}\"", filter_.text))});
  }
  title.spans.push_back({output::printable("  at " + settings_.approvals.place), Colour::dim});
  const bool is_typing = mode_ == Mode::filter;
  live::List list{.above = {std::move(title), live::news_line({.trouble = trouble_, .message = message_})},
                  .columns = columns_of_list(),
                  .rows = {},
                  .when_empty = "  No runs. New ones appear here by themselves.",
                  .filter = is_typing ? &filter_ : nullptr,
                  .keys = is_typing ? live::key_line({{"Enter", "keep"}, {"Esc", "show all"}}, size.columns)
                                    : live::key_line({{"Enter", "open"},
                                                      {"a", "approvals"},
                                                      {"q", "quit"},
                                                      {"?", "help"},
                                                      {"/", "filter"},
                                                      {"Up/Down", "move"}},
                                                     size.columns)};
  for (const auto* run : visible()) {
    const bool is_selected = run->id == selected_;
    if (is_selected) list.selected = list.rows.size();
    list.rows.push_back(row_of(*run, is_selected, waiting_of(run->id), now));
  }
  auto page = live::list_page(std::move(list), size);
  page_ = page.height;
  return std::move(page.frame);
}

Frame RunsView::run_frame(Size size, model::Time now) {
  const auto* run = find(selected_);
  std::vector<Line> above;
  if (run != nullptr) above = output::wrapped(facts_of(*run, waiting_of(run->id), now), size.columns);
  const auto most = std::max<std::size_t>(size.rows / 2, 1);
  if (above.size() > most) above.resize(most);
  constexpr std::size_t others = 3;  // news, titles, keys
  page_ = std::max<std::size_t>(size.rows - std::min(size.rows, above.size() + others), 1);
  above_end_ = std::min(above_end_, events_.size() > page_ ? events_.size() - page_ : 0);
  const auto end = events_.size() - above_end_;
  const auto start = end - std::min(end, page_);
  std::vector<std::vector<Cell>> rows;
  for (auto i = start; i < end; ++i) rows.push_back(events_[i].cells);
  std::string note = above_end_ > 0 ? fmt::format("{} below; End follows them", count_of(above_end_, "event")) : "";
  above.push_back(live::news_line({.trouble = trouble_, .message = message_, .note = note}));
  auto lines = live::aligned(columns_of_events(), rows, size.columns);
  above.push_back(std::move(lines.front()));
  lines.erase(lines.begin());
  if (lines.empty()) lines.push_back(output::line_of("  No events yet.", Colour::dim));
  const std::string back = settings_.opened.empty() ? "back" : "quit";
  auto keys = live::key_line({{"Up/Down", "scroll"}, {"End", "follow"}, {"a", "approvals"}, {"q", back}, {"?", "help"}},
                             size.columns);
  return {.lines = live::stacked(std::move(above), std::move(lines), {std::move(keys)}, size)};
}

Frame RunsView::help_frame(Size size) const {
  return live::help_frame("runs: help",
                          {{"Enter", "open a run: its state, and its calls as they come"},
                           {"a", "decide on the approvals of a run"},
                           {"/", "show only runs with a text in them; Esc shows all"}},
                          {}, size);
}

}  // namespace runagents::cli
