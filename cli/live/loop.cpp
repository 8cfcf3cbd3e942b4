#include "cli/live/loop.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <ostream>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include "cli/live/screen.hpp"
#include "core/http/offload.hpp"

namespace runagents::cli::live {
namespace {

namespace asio = boost::asio;
using http::by_value;
using http::Task;
using namespace std::chrono_literals;

constexpr auto frame_interval = 1000ms;  ///< ages and times left change with every second
constexpr auto escape_wait = 50ms;       ///< how long the rest of an escape sequence may take
constexpr auto last_wait = 300ms;        ///< for what is still asked when the view is over
constexpr std::array ending = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

using Signals = asio::basic_signal_set<asio::io_context::executor_type>;
using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

bool is_ignored(int number) {
  struct sigaction action = {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// One view on one terminal.
class Loop {
 public:
  Loop(View& view, api::ControlPlane& plane, const Pace& pace, std::unique_ptr<Screen> screen, const Context& context)
      : view_{view},
        plane_{plane},
        pace_{pace},
        screen_{std::move(screen)},
        context_{context},
        painter_{context.terminal.colour_out},
        input_{loop_, ::dup(screen_->fd())},
        signals_{loop_},
        escape_{loop_},
        orders_{loop_} {}

  /// Returns the signal that ended it, 0: none.
  int run() {
    for (const int number : ending) {
      if (!is_ignored(number)) signals_.add(number);
    }
    for (const int number : {SIGWINCH, SIGCONT, SIGTSTP}) signals_.add(number);
    asio::co_spawn(loop_, read(), asio::detached);
    asio::co_spawn(loop_, heed_signals(), asio::detached);
    asio::co_spawn(loop_, ask(), asio::detached);
    asio::co_spawn(loop_, tick(), asio::detached);
    if (pace_.timeout.count() > 0) asio::co_spawn(loop_, stop_after(pace_.timeout), asio::detached);
    paint();
    while (!is_over_ && loop_.run_one() > 0) {
    }
    screen_->leave();
    const auto limit = std::chrono::steady_clock::now() + last_wait;
    while (signal_ == 0 && is_asking_ && loop_.run_one_until(limit) > 0) {
    }
    return signal_;
  }

  /// Whether the control plane still owes an answer.
  [[nodiscard]] bool is_asking() const noexcept { return is_asking_; }

  void raise_again(int number) {
    signals_.clear();
    std::signal(number, SIG_DFL);
    ::raise(number);
  }

 private:
  Task<void> read() {
    std::array<char, 1024> bytes{};
    while (!is_over_) {
      const auto [error, size] = co_await input_.async_read_some(asio::buffer(bytes), by_value);
      if (error || size == 0) co_return end();  // the terminal is gone
      press(keys_.feed({bytes.data(), size}));
      if (!keys_.is_waiting()) continue;
      escape_.expires_after(escape_wait);
      escape_.async_wait([this](http::error_code stopped) {
        if (!stopped) press(keys_.settle());
      });
    }
  }

  void press(const std::vector<Key>& keys) {
    escape_.cancel();
    for (const auto& key : keys) {
      if (is_over_) return;
      if (key.press == Press::interrupt) {
        signal_ = SIGINT;
        return end();
      }
      if (key.press == Press::suspend) {
        ::kill(0, SIGTSTP);  // the whole job, as the terminal would have
        continue;
      }
      if (key.press == Press::redraw) painter_.forget();
      view_.press(key, std::chrono::steady_clock::now());
    }
    for (auto& order : view_.orders()) ordered_.push_back(std::move(order));
    orders_.cancel();
    if (view_.is_over()) return end();
    paint();
  }

  Task<void> heed_signals() {
    while (!is_over_) {
      const auto [error, number] = co_await signals_.async_wait(by_value);
      if (error) co_return;
      if (number == SIGTSTP) {
        stop();
      } else if (number == SIGCONT) {
        come_back();
      } else if (number == SIGWINCH) {
        painter_.forget();
        paint();
      } else {
        signal_ = number;
        end();
      }
    }
  }

  /// Stops the process as if it had no handler: where nobody could continue it the kernel does not.
  void stop() {
    screen_->leave();
    signals_.remove(SIGTSTP);
    ::raise(SIGTSTP);
    signals_.add(SIGTSTP);
    come_back();
  }

  void come_back() {
    screen_->leave();
    screen_->enter();
    painter_.forget();
    paint();
  }

  Task<void> ask() {
    while (!is_over_) {
      Job job;
      if (ordered_.empty()) {
        job = view_.poll();
      } else {
        job = std::move(ordered_.front());
        ordered_.pop_front();
      }
      is_asking_ = true;
      const auto update =
          co_await http::offload<Update>(worker_, [job = std::move(job), plane = &plane_] { return job(*plane); });
      is_asking_ = false;
      if (is_over_) co_return;
      update(std::chrono::steady_clock::now());
      if (view_.is_over()) co_return end();
      paint();
      if (!ordered_.empty()) continue;
      orders_.expires_after(pace_.poll);
      (void)co_await orders_.async_wait(by_value);
    }
  }

  Task<void> tick() {
    http::Timer timer{loop_};
    while (!is_over_) {
      timer.expires_after(frame_interval);
      (void)co_await timer.async_wait(by_value);
      if (!is_over_) paint();
    }
  }

  Task<void> stop_after(std::chrono::seconds length) {
    http::Timer timer{loop_, length};
    (void)co_await timer.async_wait(by_value);
    end();
  }

  void paint() {
    const auto size = screen_->size();
    screen_->write(painter_.paint(view_.frame(size, context_.now()), size));
  }

  void end() noexcept { is_over_ = true; }

  View& view_;
  api::ControlPlane& plane_;
  Pace pace_;
  std::unique_ptr<Screen> screen_;
  const Context& context_;
  asio::io_context loop_{1};
  Painter painter_;
  KeyReader keys_;
  Descriptor input_;
  Signals signals_;
  http::Timer escape_;
  http::Timer orders_;  ///< until the next poll, or the next order
  std::deque<Job> ordered_;
  http::Worker worker_{1};
  bool is_over_ = false;
  bool is_asking_ = false;
  int signal_ = 0;
};

}  // namespace

bool can_show(const Context& context) {
  const auto term = context.environment("TERM").value_or("");
  return context.terminal.in_is_terminal && context.terminal.out_is_terminal &&
         context.output.format == output::Format::table && context.output.fields.empty() && !term.empty() &&
         term != "dumb" && Screen::is_there();
}

Outcome show(View& view, api::ControlPlane& plane, const Pace& pace, Context& context) {
  auto screen = Screen::open();
  if (!screen) return std::unexpected(screen.error());
  Loop loop{view, plane, pace, std::move(*screen), context};
  const int number = loop.run();
  if (number != 0) loop.raise_again(number);
  if (loop.is_asking()) {
    // A server that does not answer is waited for up to half a minute on the other thread, and nobody wants to know any
    // more. Nothing is lost: orders were answered before, or are as good as a line that the network lost.
    context.terminal.out.flush();
    context.terminal.err.flush();
    ::_exit(0);
  }
  return 0;
}

}  // namespace runagents::cli::live
