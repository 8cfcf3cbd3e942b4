#include "cli/runs/view.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

#include "cli/live/list.hpp"
#include "cli/recorded/event.hpp"
#include "cli/runs/runs.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using live::Key;
using live::Press;
using model::Run;

constexpr std::uint32_t most_runs = 100;
constexpr std::uint32_t most_pending = 1000;
constexpr int most_paused = 10;  ///< runs that are asked about by themselves
constexpr std::uint32_t page_of_events = 250;
constexpr std::size_t most_cell_bytes = 1024;  ///< an agent chooses how long its URLs are
constexpr int most_pages = 40;                 ///< in one go: nothing else is asked meanwhile

struct Question {
  std::string agent;
  std::string user;
  std::string opened;
  std::uint64_t after = 0;
  bool with_events = false;
};

std::uint64_t seq_of(const std::string& line) { return read_event(line).count("seq"); }

Result<void> read_events(const Question& question, api::ControlPlane& plane, RunsNews& news) {
  auto after = question.after;
  for (int page = 0; page < most_pages; ++page) {
    auto lines = plane.events(question.opened, {.after_seq = after, .limit = page_of_events, .type = {}, .wait = {}});
    if (!lines) return std::unexpected(std::move(lines.error()));
    const auto count = lines->size();
    if (count > 0) after = seq_of(lines->back());
    std::ranges::move(*lines, std::back_inserter(news.events));
    if (count < page_of_events) return {};
    if (news.events.size() > RunsView::most_events) {
      news.events.erase(news.events.begin(), news.events.end() - RunsView::most_events);
    }
  }
  return {};
}

/// One request may hold up several runs; only of the one that asked first it is in the list.
Result<void> count_waiting(const Question& question, api::ControlPlane& plane, RunsNews& news) {
  api::ApprovalFilter filter{
      .status = model::ApprovalStatus::pending, .agent = question.agent, .run_id = {}, .limit = most_pending};
  const auto pending = plane.list_approvals(filter);
  if (!pending) return std::unexpected(pending.error());
  for (const auto& request : *pending) ++news.waiting[request.run_id];
  int asked = 0;
  for (const auto& run : news.runs) {
    if (run.status != model::RunStatus::paused_approval || ++asked > most_paused) continue;
    filter.run_id = run.id;
    const auto of_run = plane.list_approvals(filter);
    if (!of_run) return std::unexpected(of_run.error());
    news.waiting[run.id] = of_run->size();
  }
  return {};
}

Result<RunsNews> look(const Question& question, api::ControlPlane& plane) {
  RunsNews news;
  auto runs = plane.list_runs({.agent = question.agent, .status = {}, .end_user = question.user, .limit = most_runs});
  if (!runs) return std::unexpected(std::move(runs.error()));
  news.runs = std::move(*runs);
  const bool is_listed = std::ranges::find(news.runs, question.opened, &Run::id) != news.runs.end();
  if (!question.opened.empty() && !is_listed) {
    auto run = plane.get_run(question.opened);
    if (!run) return std::unexpected(std::move(run.error()));
    news.runs.push_back(std::move(*run));
  }
  if (auto counted = count_waiting(question, plane, news); !counted) return std::unexpected(std::move(counted.error()));
  if (!question.with_events) return news;
  news.opened = question.opened;
  if (auto read = read_events(question, plane, news); !read) return std::unexpected(std::move(read.error()));
  return news;
}

bool matches(const Run& run, const std::string& wanted) {
  return wanted.empty() || lowered(fmt::format("{} {} {} {} {}", run.id, run.agent, word(run.status), run.end_user,
                                               fmt::join(run.command, " ")))
                               .contains(lowered(wanted));
}

}  // namespace

RunsView::RunsView(Settings settings) : settings_{std::move(settings)} {
  if (!settings_.opened.empty()) open(settings_.opened);
}

std::vector<const Run*> RunsView::visible() const {
  std::vector<const Run*> shown;
  for (const auto& run : runs_) {
    if (matches(run, filter_.text)) shown.push_back(&run);
  }
  std::ranges::sort(shown, std::ranges::greater{}, [](const Run* run) {
    return std::tuple{!model::is_final(run->status), run->created_at, std::string_view{run->id}};
  });
  return shown;
}

const Run* RunsView::find(const std::string& id) const {
  const auto found = std::ranges::find(runs_, id, &Run::id);
  return found == runs_.end() ? nullptr : &*found;
}

std::size_t RunsView::waiting_of(const std::string& id) const {
  const auto found = waiting_.find(id);
  const auto* run = find(id);
  // What is over waits for nothing, whoever did not answer.
  return found == waiting_.end() || run == nullptr || model::is_final(run->status) ? 0 : found->second;
}

void RunsView::take(RunsNews news) {
  message_ = trouble_.empty() ? message_ : "the connection is back";
  trouble_.clear();
  // Known final before the events were read: what a run writes last is there then.
  const auto* before = find(selected_);
  const bool was_over = before != nullptr && model::is_final(before->status);
  if (before != nullptr && std::ranges::find(news.runs, selected_, &Run::id) == news.runs.end()) {
    news.runs.push_back(*before);
  }
  runs_ = std::move(news.runs);
  waiting_ = std::move(news.waiting);
  if (find(selected_) == nullptr) keep_selection();
  if (news.opened.empty() || news.opened != selected_) return;
  for (const auto& line : news.events) {
    const auto seq = seq_of(line);
    if (seq != 0 && seq <= last_seq_) continue;
    last_seq_ = std::max(last_seq_, seq);
    auto cells = event_row(line).cells;
    for (auto& cell : cells) cell.text.resize(std::min(cell.text.size(), most_cell_bytes));
    events_.push_back({std::move(cells)});
    if (above_end_ > 0) ++above_end_;
  }
  while (events_.size() > most_events) events_.pop_front();
  is_complete_ = was_over && news.events.empty();
}

live::Job RunsView::poll() {
  if (shows_approvals()) return approvals_.back()->poll();
  const Question question{.agent = settings_.agent,
                          .user = settings_.user,
                          .opened = mode_ == Mode::run ? selected_ : std::string{},
                          .after = last_seq_,
                          .with_events = mode_ == Mode::run && !is_complete_};
  return [this, question](api::ControlPlane& plane) -> live::Update {
    auto news = std::make_shared<Result<RunsNews>>(look(question, plane));
    return [this, news](live::Moment /*at*/) {
      if (*news) {
        take(std::move(**news));
      } else {
        trouble(news->error());
      }
    };
  };
}

std::vector<live::Job> RunsView::orders() {
  return approvals_.empty() ? std::vector<live::Job>{} : approvals_.back()->orders();
}

bool RunsView::shows_approvals() {
  if (in_approvals_ && approvals_.back()->is_over()) in_approvals_ = false;
  return in_approvals_;
}

void RunsView::press(const Key& key, live::Moment at) {
  message_.clear();
  if (shows_approvals()) return approvals_.back()->press(key, at);
  if (key.is('?') && (mode_ == Mode::list || mode_ == Mode::run)) {
    before_help_ = std::exchange(mode_, Mode::help);
    return;
  }
  switch (mode_) {
    case Mode::list:
      return press_in_list(key);
    case Mode::run:
      return press_in_run(key);
    case Mode::filter:
      return press_in_filter(key);
    case Mode::help:
      mode_ = before_help_;
  }
}

void RunsView::press_in_list(const Key& key) {
  if (key.is('q')) wants_out_ = true;
  if (const auto step = live::step_of(key, page_, runs_.size())) move(*step);
  if (key.is('a')) open_approvals(selected_);
  if (key.is('/')) mode_ = Mode::filter;
  if (key.press == Press::escape) filter_.text.clear();
  const bool opens = key.press == Press::enter || key.press == Press::right || key.is('l');
  if (opens && find(selected_) != nullptr) open(selected_);
}

void RunsView::press_in_run(const Key& key) {
  const bool is_back = key.press == Press::escape || key.press == Press::left || key.press == Press::backspace ||
                       key.is('h') || key.is('q');
  if (is_back && settings_.opened.empty()) mode_ = Mode::list;
  if (is_back && !settings_.opened.empty() && key.is('q')) wants_out_ = true;
  if (key.is('a')) open_approvals(selected_);
  const auto up = [this](std::size_t lines) { above_end_ = std::min(above_end_ + lines, events_.size()); };
  const auto down = [this](std::size_t lines) { above_end_ -= std::min(lines, above_end_); };
  if (key.press == Press::up || key.is('k')) up(1);
  if (key.press == Press::down || key.is('j')) down(1);
  if (key.press == Press::page_up) up(page_);
  if (key.press == Press::page_down || key.is(' ')) down(page_);
  if (key.press == Press::home || key.is('g')) up(events_.size());
  if (key.press == Press::end || key.is('G')) above_end_ = 0;
}

void RunsView::press_in_filter(const Key& key) {
  filter_.press(key);
  if (key.press == Press::escape) filter_.text.clear();
  keep_selection();
  if (key.press == Press::escape || key.press == Press::enter) mode_ = Mode::list;
}

void RunsView::move(std::ptrdiff_t by) {
  const auto shown = visible();
  if (shown.empty()) return;
  const auto found = std::ranges::find(shown, selected_, [](const Run* run) { return run->id; });
  const auto from = found == shown.end() ? 0 : found - shown.begin();
  selected_ = shown[live::stepped(static_cast<std::size_t>(from), by, shown.size())]->id;
}

void RunsView::keep_selection() {
  const auto shown = visible();
  const bool is_there = std::ranges::any_of(shown, [this](const Run* run) { return run->id == selected_; });
  if (!is_there) selected_ = shown.empty() ? "" : shown.front()->id;
}

void RunsView::open(const std::string& id) {
  selected_ = id;
  mode_ = Mode::run;
  events_.clear();
  last_seq_ = 0;
  above_end_ = 0;
  is_complete_ = false;
}

void RunsView::open_approvals(const std::string& id) {
  if (find(id) == nullptr) return;
  auto settings = settings_.approvals;
  settings.run = id;
  settings.is_part = true;
  approvals_.push_back(std::make_unique<ApprovalsView>(std::move(settings)));
  in_approvals_ = true;
}

}  // namespace runagents::cli
