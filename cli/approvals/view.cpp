#include "cli/approvals/view.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <memory>
#include <tuple>
#include <utility>

#include "cli/approvals/approval_words.hpp"
#include "core/ascii.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;

constexpr std::uint32_t most_pending = 200;
constexpr std::uint32_t most_decided = 100;

bool is_pending(const ApprovalRequest& request) { return request.status == ApprovalStatus::pending; }

bool has(const std::vector<ApprovalRequest>& requests, const std::string& id) {
  return std::ranges::find(requests, id, &ApprovalRequest::id) != requests.end();
}

std::string short_id(const std::string& id) { return id.substr(0, 8); }

std::string in_words(const Error& error) {
  return error.hint.empty() ? error.message : fmt::format("{} ({})", error.message, error.hint);
}

struct Question {
  std::string agent;
  std::string run;
  std::string selected;
  bool with_decided = false;
};

Result<ApprovalsNews> look(const Question& question, api::ControlPlane& plane) {
  api::ApprovalFilter filter{
      .status = ApprovalStatus::pending, .agent = question.agent, .run_id = question.run, .limit = most_pending + 1};
  auto pending = plane.list_approvals(filter);
  if (!pending) return std::unexpected(std::move(pending.error()));
  ApprovalsNews news{.requests = std::move(*pending)};
  if (news.requests.size() > most_pending) {
    news.is_whole = false;
    news.requests.pop_back();
  }
  if (question.with_decided) {
    filter.status.reset();
    filter.limit = most_decided;
    auto recent = plane.list_approvals(filter);
    if (!recent) return std::unexpected(std::move(recent.error()));
    std::ranges::copy_if(*recent, std::back_inserter(news.requests), std::not_fn(is_pending));
  }
  if (question.selected.empty() || has(news.requests, question.selected)) {
    return news;
  }
  auto one = plane.get_approval(question.selected);
  if (one) news.requests.push_back(std::move(*one));
  if (!one && one.error().code != ErrorCode::not_found) return std::unexpected(std::move(one.error()));
  return news;
}

bool matches(const ApprovalRequest& request, const std::string& wanted) {
  if (wanted.empty()) return true;
  const auto& action = request.action;
  return lowered(fmt::format("{} {} {} {} {} {} {} {}", request.id, request.run_id, action.agent, action.tool,
                             action.capability, action.method, action.url, action.end_user))
      .contains(lowered(wanted));
}

}  // namespace

std::vector<const ApprovalRequest*> ApprovalsView::visible() const {
  std::vector<const ApprovalRequest*> waiting;
  std::vector<const ApprovalRequest*> others;
  for (const auto& one : requests_) {
    if (!matches(one, filter_.text)) continue;
    if (is_pending(one) || one.id == lingers_) {
      waiting.push_back(&one);
    } else if (shows_decided_) {
      others.push_back(&one);
    }
  }
  std::ranges::sort(waiting, {}, [](const auto* one) { return std::tie(one->created_at, one->id); });
  std::ranges::sort(others, std::ranges::greater{}, [](const auto* one) { return std::tie(one->updated_at, one->id); });
  waiting.insert(waiting.end(), others.begin(), others.end());
  return waiting;
}

const ApprovalRequest* ApprovalsView::find(const std::string& id) const {
  const auto found = std::ranges::find(requests_, id, &ApprovalRequest::id);
  return found == requests_.end() ? nullptr : &*found;
}

void ApprovalsView::take(ApprovalsNews news, live::Moment at) {
  if (!trouble_.empty()) say("the connection is back");
  trouble_.clear();
  has_news_ = true;
  is_whole_ = news.is_whole;
  const auto* before = find(selected_);
  const bool was_pending = before != nullptr && is_pending(*before);
  if (before != nullptr && !has(news.requests, selected_)) {
    news.requests.push_back(*before);
  }
  requests_ = std::move(news.requests);
  const auto* now = find(selected_);
  if (was_pending && now != nullptr && !is_pending(*now)) lingers_ = selected_;
  if (now == nullptr) select_first(at);
}

void ApprovalsView::select_first(live::Moment at) {
  const auto shown = visible();
  selected_ = shown.empty() ? "" : shown.front()->id;
  settled_ = at + settling;
}

void ApprovalsView::trouble(const Error& error) { trouble_ = in_words(error); }

void ApprovalsView::decided(const std::string& id, const Result<ApprovalRequest>& outcome) {
  sent_.erase(id);
  if (!outcome) {
    wants_out_ = false;  // it is to be read
    return say(in_words(outcome.error()), true);
  }
  const auto found = std::ranges::find(requests_, id, &ApprovalRequest::id);
  if (found != requests_.end()) *found = *outcome;
  if (id == selected_) lingers_ = id;
  const auto what = outcome->scope ? fmt::format("approved ({})", word(*outcome->scope)) : "rejected";
  say(fmt::format("{} {}: {}", what, short_id(id), short_call_of(*outcome)));
}

std::vector<Verdict> ApprovalsView::take_verdicts() { return std::exchange(verdicts_, {}); }

live::Job ApprovalsView::poll() {
  const Question question{
      .agent = settings_.agent, .run = settings_.run, .selected = selected_, .with_decided = shows_decided_};
  return [this, question](api::ControlPlane& plane) -> live::Update {
    auto news = std::make_shared<Result<ApprovalsNews>>(look(question, plane));
    return [this, news](live::Moment at) {
      if (*news) {
        take(std::move(**news), at);
      } else {
        trouble(news->error());
      }
    };
  };
}

std::vector<live::Job> ApprovalsView::orders() {
  std::vector<live::Job> jobs;
  for (auto& verdict : take_verdicts()) {
    jobs.emplace_back([this, verdict, approver = settings_.approver](api::ControlPlane& plane) -> live::Update {
      auto outcome =
          verdict.scope
              ? plane.approve(verdict.id,
                              {.scope = *verdict.scope, .duration = {}, .approver = approver, .reason = verdict.reason})
              : plane.reject(verdict.id, approver, verdict.reason);
      return [this, id = verdict.id, outcome](live::Moment /*at*/) { decided(id, outcome); };
    });
  }
  return jobs;
}

void ApprovalsView::say(const std::string& text, bool is_bad) {
  message_ = output::printable(text);
  message_is_bad_ = is_bad;
}

}  // namespace runagents::cli
