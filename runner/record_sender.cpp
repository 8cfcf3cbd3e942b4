#include "runner/record_sender.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace runagents {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds look_period{100};
constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{3000};

}  // namespace

RecordSender::RecordSender(std::filesystem::path journal, std::string run_id, OpenTransport open, OnTrouble on_trouble)
    : run_id_{std::move(run_id)},
      open_{std::move(open)},
      on_trouble_{std::move(on_trouble)},
      journal_{std::move(journal)},
      reader_{journal_},
      thread_{[this] { run(); }} {}

RecordSender::~RecordSender() {
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<void> RecordSender::finish(const api::RunChange& change, std::uint64_t last_seq, milliseconds patience) {
  {
    const std::scoped_lock lock{mutex_};
    ending_ = Ending{change, steady_clock::now() + patience};
    ending_->change.last_seq = last_seq;
  }
  changed_.notify_one();
  thread_.join();
  return outcome_;
}

void RecordSender::run() {
  std::unique_lock lock{mutex_};
  auto pause = first_pause;
  while (!is_stopping_) {
    const auto ending = ending_;
    lock.unlock();
    auto sent = send_all(ending);
    tell(sent);
    lock.lock();
    if (ending && (sent || steady_clock::now() + pause >= ending->until)) {
      outcome_ = std::move(sent);
      return;
    }
    const auto length = sent ? look_period : pause;
    pause = sent ? first_pause : std::min(pause * 2, longest_pause);
    changed_.wait_for(lock, length, [&] { return is_stopping_ || (sent && ending_.has_value() && !ending); });
  }
  outcome_ = fail(ErrorCode::unavailable, "the run was given up");
}

Result<void> RecordSender::send_all(std::optional<Ending> ending) {
  if (auto sent = send_new(); !sent) return sent;
  if (!ending) return {};
  const auto closed = api::ControlPlane{*transport_}.change_run(run_id_, ending->change);
  if (closed) return {};
  if (closed.error().reason == "events_missing") reader_ = audit::JournalReader{journal_};
  return std::unexpected(closed.error());
}

Result<void> RecordSender::send_new() {
  if (!transport_) {
    auto opened = open_();
    if (!opened) return std::unexpected(std::move(opened.error()));
    transport_ = std::move(*opened);
  }
  api::ControlPlane plane{*transport_};
  const auto sent = reader_.read_new(
      [&](std::span<const std::string> lines) -> Result<void> { return plane.append_events(run_id_, lines); });
  if (sent) return {};
  // A server that has lost what it had acknowledged gets it again from the start; it leaves alone what it has.
  if (sent.error().reason == "events_missing") reader_ = audit::JournalReader{journal_};
  return std::unexpected(sent.error());
}

void RecordSender::tell(const Result<void>& sent) {
  if (std::exchange(is_in_trouble_, !sent) == !sent || !on_trouble_) return;
  on_trouble_(sent ? nullptr : &sent.error());
}

}  // namespace runagents
