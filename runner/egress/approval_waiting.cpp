// How a decision comes: the control plane is asked until there is one, or the person at the terminal is.

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/egress/approvals.hpp"

namespace runagents::egress {
namespace {

using model::ApprovalRequest;
using model::ApprovalStatus;
using Requested = Result<ApprovalRequest>;

constexpr std::chrono::milliseconds poll_period{200};
/// A server is asked to wait for so long: what is asked for meanwhile joins the next question.
constexpr std::chrono::milliseconds long_poll{2000};
constexpr std::chrono::milliseconds shortest_pause{50};
/// Between two attempts at a server that is away.
constexpr std::chrono::milliseconds outage_pause{300};
constexpr std::size_t max_watched = 50;

}  // namespace

/// One request that calls are waiting for; all of a run's requests share one poll.
struct Approvals::Pending {
  Requested state;
  std::set<http::Timer*> waiting;
  bool over = false;
};

http::Task<Requested> Approvals::await_decision(const ApprovalRequest& asked, Exchange& exchange) {
  auto& slot = pending_[asked.id];
  if (!slot) slot = std::make_shared<Pending>(Pending{asked, {}, false});
  const auto pending = slot;
  // Another run may have asked before, with a time limit of its own; this run waits as long as it was told to.
  const auto deadline = Clock::now() + options_.timeout + 2 * poll_period;
  http::Timer woken{context_, deadline};
  pending->waiting.insert(&woken);
  if (!std::exchange(is_watching_, true)) http::asio::co_spawn(context_, watch(), http::asio::detached);
  bool gone = false;
  exchange.on_gone = [&woken, &gone] {
    gone = true;
    woken.cancel();
  };
  pauses_.begin(model::RunStatus::paused_approval);
  while (!pending->over && !gone && Clock::now() < deadline) {
    static_cast<void>(co_await woken.async_wait(http::by_value));
  }
  exchange.on_gone = nullptr;
  pending->waiting.erase(&woken);
  pauses_.end(model::RunStatus::paused_approval);
  auto state = pending->state;
  if (!pending->over && !gone && outage_) co_return std::unexpected(*outage_);
  if (!pending->over && !gone && state) state->status = ApprovalStatus::expired;
  co_return state;
}

/// Looks at requests until they are decided or nobody waits any more.
http::Task<void> Approvals::watch() {
  http::Timer timer{context_};
  for (;;) {
    std::erase_if(pending_, [](const auto& one) { return one.second->waiting.empty(); });
    if (pending_.empty()) break;
    co_await look(timer);
  }
  is_watching_ = false;
}

http::Task<void> Approvals::look(http::Timer& timer) {
  using Looked = Result<std::vector<ApprovalRequest>>;
  // A server does the waiting; the local store must not be held.
  timer.expires_after(plane_.is_remote() ? shortest_pause : poll_period);
  static_cast<void>(co_await timer.async_wait(http::by_value));
  // Of very many, others come next time.
  auto from = pending_.upper_bound(watched_);
  std::vector<std::string> ids;
  while (ids.size() < std::min(max_watched, pending_.size())) {
    if (from == pending_.end()) from = pending_.begin();
    ids.push_back((from++)->first);
  }
  if (!ids.empty()) watched_ = ids.back();
  const auto wait = plane_.is_remote() ? long_poll : std::chrono::milliseconds{0};
  std::function<Looked(api::ControlPlane&)> work = [ids, wait](auto& plane) {
    return plane.decided_approvals(ids, wait);
  };
  const auto looked = co_await plane_.ask(std::move(work));
  outage_.reset();
  if (looked) {
    for (const auto& one : *looked) end(one.id, one);
  } else if (is_outage(looked.error())) {
    outage_ = looked.error();
    timer.expires_after(outage_pause);
    static_cast<void>(co_await timer.async_wait(http::by_value));
  } else {
    for (const auto& id : ids) end(id, std::unexpected(looked.error()));
  }
}

void Approvals::end(const std::string& id, Requested state) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const auto pending = found->second;
  pending_.erase(found);
  pending->state = std::move(state);
  pending->over = true;
  for (auto* one : pending->waiting) one->cancel();
}

http::Task<Requested> Approvals::ask(const ApprovalRequest& asked) {
  while (terminal_busy_) {
    terminal_free_.expires_at(http::Timer::time_point::max());
    static_cast<void>(co_await terminal_free_.async_wait(http::by_value));
  }
  const auto id = asked.id;
  // Somebody may have decided while another question stood on the terminal.
  std::function<Requested(api::ControlPlane&)> look_up = [id](auto& plane) { return plane.get_approval(id); };
  auto current = co_await plane_.ask(std::move(look_up));
  if (!current || current->status != ApprovalStatus::pending) co_return current;
  terminal_busy_ = true;
  if (!terminal_) terminal_ = std::make_unique<Worker>(1);
  pauses_.begin(model::RunStatus::paused_approval);
  options_.freeze();
  const auto answer =
      co_await offload<std::optional<Answer>>(*terminal_, [this, current] { return options_.ask(*current); });
  options_.thaw();
  pauses_.end(model::RunStatus::paused_approval);
  terminal_busy_ = false;
  terminal_free_.cancel();
  std::function<Requested(api::ControlPlane&)> decide = [id, answer](auto& plane) -> Requested {
    if (!answer) return plane.expire(id);
    if (!answer->approve) return plane.reject(id, answer->decision.approver, answer->decision.reason);
    return plane.approve(id, answer->decision);
  };
  co_return co_await plane_.ask(std::move(decide));
}

/// Waits a while for a server that is away. False: it is not worth it, because the error is another one, nobody is
/// there who would wait, or time is up.
http::Task<bool> Approvals::wait_out(Error error, Exchange& exchange, Clock::time_point until) {
  if (!is_outage(error) || options_.mode != ApprovalMode::hold || Clock::now() + outage_pause >= until) co_return false;
  http::Timer timer{context_, outage_pause};
  bool gone = false;
  exchange.on_gone = [&timer, &gone] {
    gone = true;
    timer.cancel();
  };
  static_cast<void>(co_await timer.async_wait(http::by_value));
  exchange.on_gone = nullptr;
  co_return !gone;
}

}  // namespace runagents::egress
