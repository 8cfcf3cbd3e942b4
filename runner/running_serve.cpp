// While the agent runs: what is waited for, and how it ends.

#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <tuple>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "runner/launch/resident.hpp"
#include "runner/running.hpp"

namespace runagents {
namespace {

namespace asio = http::asio;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds housekeeping_period{250};
constexpr std::chrono::milliseconds contact_period{1000};
constexpr unsigned rounds_between_signs = 30;
constexpr std::chrono::milliseconds drain_time{1000};

bool is_readable(int descriptor) {
  pollfd one{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

/// Calls `handler` whenever the descriptor, which stays its owner's, is readable, until it returns false. Where the
/// loop cannot wait for it, as without descriptors or memory, it is looked at from time to time: that the agent has
/// ended, or that somebody wants it to, must not be missed.
void Running::watch(int descriptor, std::function<bool()> handler) {
  using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;
  asio::co_spawn(
      loop_,
      [](Loop& loop, int owned, std::function<bool()> handle) -> http::Task<void> {
        Descriptor watched{loop};
        http::error_code error;
        watched.assign(::dup(owned), error);
        http::Timer pause{loop};
        for (;;) {
          if (!error) std::tie(error) = co_await watched.async_wait(Descriptor::wait_read, http::by_value);
          while (error && !is_readable(owned)) {
            pause.expires_after(housekeeping_period);
            static_cast<void>(co_await pause.async_wait(http::by_value));
          }
          if (!handle()) co_return;
        }
      }(loop_, descriptor, std::move(handler)),
      asio::detached);
}

Summary Running::serve() {
  doors_->open(*engine_, {agent_->supervisor_pid(), diagnostics_, fencing_.has_value()});
  if (resolver_) resolver_->open(*engine_);
  if (entering_) say(announcement(*entering_, options_));
  watch(agent_->ended_fd(), [this] {
    ended_ = true;
    loop_.stop();
    return false;
  });
  watch(agent_->notice_fd(), [this] {
    const bool more = agent_->handle_notice();
    if (entering_ && entering_->sockets) entering_->sockets->add(agent_->take_sockets());
    return more;
  });
  watch(signals_->fd(), [this] { return handle_signals(); });
  asio::co_spawn(loop_, keep_time(), asio::detached);
  asio::co_spawn(loop_, keep_in_touch(), asio::detached);
  launch::release_program_text();
  loop_.run();
  Summary summary;
  summary.exit = agent_->wait();
  summary.duration = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started_);
  drain();
  join_workers();
  close_record(outcome(summary.exit));
  summary.run_id = run_id_;
  summary.agent = options_.project.agent.name;
  summary.isolation = word(options_.isolation);
  summary.observe = options_.observe;
  summary.totals = recorder_->totals();
  return summary;
}

/// Lets the calls whose agent has just ended come to their record.
void Running::drain() {
  loop_.restart();
  if (resolver_) resolver_->close();
  doors_->close();
  const auto until = steady_clock::now() + drain_time;
  while (!doors_->idle() && steady_clock::now() < until) loop_.run_one_until(until);
}

bool Running::handle_signals() {
  while (const auto number = signals_->next()) {
    switch (*number) {
      case SIGINT:
      case SIGTERM:
      case SIGHUP:
        stop_agent(*number);
        break;
      case SIGCONT:
        agent_->continued();
        break;
      default:
        agent_->signal(*number);
    }
  }
  return true;
}

/// The first request to stop is the agent's to follow; the second one, or time, ends it.
void Running::stop_agent(int signal_number) {
  static_cast<void>(::eventfd_write(withdraw_question_fd_, 1));
  if (std::exchange(signalled_, true)) {
    agent_->kill_all();
    return;
  }
  agent_->signal(signal_number);
  kill_at_ = steady_clock::now() + options_.kill_after;
}

/// The patience with a signalled agent.
http::Task<void> Running::keep_time() {
  http::Timer timer{loop_};
  while (!ended_) {
    timer.expires_after(housekeeping_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    if (steady_clock::now() < kill_at_) continue;
    kill_at_ = steady_clock::time_point::max();
    agent_->kill_all();
  }
}

/// Tells what the calls add up to, and looks for a cancellation. A server counts by itself, and hears now and then that
/// the runner is there.
http::Task<void> Running::keep_in_touch() {
  using Looked = Result<model::Run>;
  http::Timer timer{loop_};
  std::uint64_t told = 0;
  for (unsigned round = 1; !ended_; ++round) {
    timer.expires_after(contact_period);
    static_cast<void>(co_await timer.async_wait(http::by_value));
    const bool is_new = std::exchange(told, journal_->seq()) != journal_->seq();
    const bool tells = is_new || (asking_->is_remote() && round % rounds_between_signs == 0);
    api::RunChange change{pauses_->status(), {}, {}};
    if (!asking_->is_remote()) change.counts = counts();
    std::function<Looked(api::ControlPlane&)> work = [run = run_id_, tells, change](api::ControlPlane& plane) {
      return tells ? plane.change_run(run, change) : plane.get_run(run);
    };
    const auto run = co_await asking_->ask(std::move(work));
    if (run && run->cancel_requested && !cancelled_) {
      cancelled_ = true;
      stop_agent(SIGTERM);
    }
  }
}

}  // namespace runagents
