#include "tests/bench/load/lanes.hpp"

#include <cerrno>
#include <stdexcept>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

namespace runagents::bench {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as the events of the upstream have it

constexpr int patience_ms = 10'000;

double microseconds(Clock::duration time) { return std::chrono::duration<double, std::micro>(time).count(); }

int wait(int epoll, std::vector<epoll_event>& events) {
  const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), patience_ms);
  if (count == 0) throw std::runtime_error{"no answer in 10 s"};
  return count;
}

template <class Lane>
Lane& lane_of(std::vector<epoll_event>& events, int i) {
  return *static_cast<Lane*>(events[static_cast<std::size_t>(i)].data.ptr);
}

}  // namespace

Lanes::Lanes(const Door& door, std::size_t count) : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  for (std::size_t i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>(door));
}

Lanes::~Lanes() { ::close(epoll_); }

void Lanes::open() {
  for (auto& lane : lanes_) begin(*lane, true);
  std::vector<double> uncounted;
  run([](Lane&) { return false; }, uncounted);
}

void Lanes::ask(bool fresh, std::chrono::duration<double> length) {
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(length);
  for (auto& lane : lanes_) begin(*lane, fresh);
  run(
      [this, fresh, end](Lane& lane) {
        if (lane.now >= end) return false;
        begin(lane, fresh);
        return true;
      },
      times);
  seconds = std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t Lanes::ask_for_ever() {
  std::size_t begun = 0;
  for (auto& lane : lanes_) {
    lane->connection.response.on_body = [&begun, first = true](std::string_view) mutable {
      if (std::exchange(first, false)) ++begun;
    };
    begin(*lane, true);
  }
  std::vector<epoll_event> events(256);
  while (begun < lanes_.size()) {
    for (int i = 0, count = wait(epoll_, events); i < count; ++i) lane_of<Lane>(events, i).connection.go_on();
  }
  for (auto& lane : lanes_) lane->connection.response.on_body = nullptr;
  return begun;
}

void Lanes::hear_events() {
  for (auto& lane : lanes_) {
    lane->connection.response.on_body = [this, rest = std::string{}](std::string_view body) mutable {
      const auto now = Clock::now().time_since_epoch();
      rest += body;
      for (auto end = rest.find("\n\n"); end != std::string::npos; end = rest.find("\n\n")) {
        const std::chrono::nanoseconds left{std::stoll(rest.substr(rest.find(' ') + 1))};
        times.push_back(microseconds(now - left));
        rest.erase(0, end + 2);
      }
    };
    begin(*lane, true);
  }
  const auto start = Clock::now();
  std::vector<double> answers;
  run([](Lane&) { return false; }, answers);
  seconds = std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t Lanes::reopened() const {
  std::size_t sum = 0;
  for (const auto& lane : lanes_) sum += lane->connection.reopened();
  return sum;
}

void Lanes::begin(Lane& lane, bool fresh) {
  lane.begun = Clock::now();
  if (fresh) {
    lane.connection.begin_anew();
  } else {
    lane.connection.begin_next();
  }
  watch(lane, fresh);
}

/// A socket that is closed leaves the set by itself, and its number comes back with the next.
void Lanes::watch(Lane& lane, bool is_new) {
  if (!is_new && lane.watched == lane.connection.descriptor()) return;
  lane.watched = lane.connection.descriptor();
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &lane}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, lane.watched, &event) != 0 && errno != EEXIST)
    throw std::runtime_error{"a connection cannot be watched"};
}

/// Until every lane has been answered and `next` says that it asks no more.
template <class Next>
void Lanes::run(Next next, std::vector<double>& found) {
  std::vector<epoll_event> events(256);
  for (auto waiting = lanes_.size(); waiting > 0;) {
    for (int i = 0, count = wait(epoll_, events); i < count; ++i) {
      auto& lane = lane_of<Lane>(events, i);
      const auto before = lane.connection.reopened();
      if (lane.connection.go_on()) {
        lane.now = Clock::now();
        found.push_back(microseconds(lane.now - lane.begun));
        if (!next(lane)) --waiting;
      } else if (lane.connection.reopened() != before) {
        watch(lane, true);
      }
    }
  }
}

}  // namespace runagents::bench
