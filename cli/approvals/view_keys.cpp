// What keys do in `approvals watch`.

#include <algorithm>
#include <array>
#include <utility>

#include "cli/approvals/view.hpp"
#include "cli/live/list.hpp"

namespace runagents::cli {

using live::Key;
using live::Moment;
using live::Press;
using model::ApprovalStatus;

void ApprovalsView::press(const Key& key, Moment at) {
  message_.clear();
  switch (mode_) {
    case Mode::list:
      return press_in_list(key, at);
    case Mode::details:
      return press_in_details(key, at);
    case Mode::choose:
      return press_in_choice(key, at);
    case Mode::reason:
      return press_in_reason(key, at);
    case Mode::filter:
      return press_in_filter(key, at);
    case Mode::help:
      return turn_to(Mode::list);
  }
}

void ApprovalsView::press_in_list(const Key& key, Moment at) {
  const bool leaves_part = settings_.is_part && key.press == Press::escape && filter_.text.empty();
  if (key.is('q') || leaves_part) {
    wants_out_ = true;
    if (!sent_.empty()) say("waiting for the answer to a decision; Ctrl-C does not wait");
  } else if (const auto step = live::step_of(key, page_, requests_.size())) {
    move(*step, at);
  } else if (key.press == Press::enter || key.press == Press::right || key.is('l')) {
    if (find(selected_) != nullptr) turn_to(Mode::details);
  } else if (key.is('a')) {
    begin_decision(Mode::choose, at);
  } else if (key.is('r')) {
    begin_decision(Mode::reason, at);
  } else if (key.is('d')) {
    shows_decided_ = !shows_decided_;
    keep_selection(at);
  } else if (key.is('/')) {
    turn_to(Mode::filter);
  } else if (key.is('?')) {
    turn_to(Mode::help);
  } else if (key.press == Press::escape && !filter_.text.empty()) {
    filter_.text.clear();
  }
}

void ApprovalsView::press_in_details(const Key& key, Moment at) {
  if (key.is('q') || key.press == Press::escape || key.press == Press::left || key.press == Press::backspace ||
      key.is('h')) {
    turn_to(Mode::list);
  } else if (key.is('a')) {
    begin_decision(Mode::choose, at);
  } else if (key.is('r')) {
    begin_decision(Mode::reason, at);
  } else {
    scroll(key);
  }
}

void ApprovalsView::press_in_choice(const Key& key, Moment at) {
  constexpr std::array scopes = {model::Scope::once, model::Scope::run, model::Scope::window};
  if (key.press == Press::escape || key.is('q') || key.is('n')) return turn_to(Mode::details);
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (!key.is(static_cast<char>('1' + i))) continue;
    if (at < settled_) return say("too fast: look first, then choose");
    return send(scopes.at(i), {});
  }
  scroll(key);
}

void ApprovalsView::press_in_reason(const Key& key, Moment at) {
  if (reason_.press(key)) return;
  if (key.press == Press::escape) return turn_to(Mode::details);
  if (key.press != Press::enter) return scroll(key);
  if (at < settled_) return say("too fast: look first");
  send({}, reason_.text);
}

void ApprovalsView::press_in_filter(const Key& key, Moment at) {
  if (key.press == Press::escape) filter_.text.clear();
  filter_.press(key);
  keep_selection(at);
  if (key.press == Press::escape || key.press == Press::enter) turn_to(Mode::list);
}

void ApprovalsView::scroll(const Key& key) {
  const auto back = [this](std::size_t lines) { scrolled_ -= std::min(lines, scrolled_); };
  const auto is_text = mode_ == Mode::reason;
  if (key.press == Press::up || (!is_text && key.is('k'))) back(1);
  if (key.press == Press::down || (!is_text && key.is('j'))) ++scrolled_;
  if (key.press == Press::page_up) back(page_);
  if (key.press == Press::page_down || (!is_text && key.is(' '))) scrolled_ += page_;
  if (key.press == Press::home || (!is_text && key.is('g'))) scrolled_ = 0;
  if (key.press == Press::end || (!is_text && key.is('G'))) scrolled_ = end_of_text;
}

void ApprovalsView::move(std::ptrdiff_t by, Moment at) {
  const auto shown = visible();
  if (shown.empty()) return;
  const auto found = std::ranges::find(shown, selected_, [](const auto* one) { return one->id; });
  const auto from = found == shown.end() ? 0 : found - shown.begin();
  select(shown[live::stepped(static_cast<std::size_t>(from), by, shown.size())]->id, at);
}

void ApprovalsView::select(const std::string& id, Moment at) {
  if (id == selected_) return;
  selected_ = id;
  lingers_.clear();
  settled_ = at;
}

void ApprovalsView::keep_selection(Moment at) {
  const auto shown = visible();
  const bool is_there = std::ranges::any_of(shown, [this](const auto* one) { return one->id == selected_; });
  if (!is_there) select_first(at);
}

/// Nothing is decided yet: the second key is.
void ApprovalsView::begin_decision(Mode mode, Moment at) {
  const auto* request = find(selected_);
  if (request == nullptr) return say("nothing waits here");
  if (settings_.may_not_decide) return say(settings_.may_not_decide->message, true);
  if (request->status != ApprovalStatus::pending) {
    return say(std::string{word(request->status)} + " already: nothing is left to decide");
  }
  if (sent_.contains(request->id)) return say("decided already; the answer is on its way");
  if (at < settled_) return say("it has just come in: look first, then press again");
  reason_.text.clear();
  turn_to(mode);
  settled_ = at + settling;
}

void ApprovalsView::turn_to(Mode mode) {
  if (mode_ == Mode::list) scrolled_ = 0;
  mode_ = mode;
}

void ApprovalsView::send(std::optional<model::Scope> scope, std::string reason) {
  const auto* request = find(selected_);
  if (request == nullptr || request->status != ApprovalStatus::pending) {
    say("it was decided meanwhile: nothing was sent");
    return turn_to(Mode::details);
  }
  sent_.insert(selected_);
  verdicts_.push_back({.id = selected_, .scope = scope, .reason = std::move(reason)});
  say("deciding...");
  turn_to(Mode::list);
}

}  // namespace runagents::cli
