#include "runner/remote_run.hpp"

#include <fmt/format.h>
#include <utility>

#include "runner/left_records.hpp"

namespace runagents {
namespace {

/// How long the end of a run waits for a server that is away.
constexpr std::chrono::milliseconds patience{5000};

}  // namespace

RemoteRun::RemoteRun(const RemotePlane& plane, const model::Run& run)
    : remote_{plane}, run_id_{run.id}, journal_{run.journal} {}

RemoteRun::~RemoteRun() { join(); }

Result<std::unique_ptr<RemoteRun>> RemoteRun::begin(const RemotePlane& plane, const model::Run& run) {
  std::unique_ptr<RemoteRun> remote{new RemoteRun{plane, run}};
  for (unsigned i = 0; i < threads; ++i) {
    auto transport = plane.open();
    if (!transport) return std::unexpected(std::move(transport.error()));
    remote->transports_.push_back(std::move(*transport));
    remote->planes_.push_back(std::make_unique<api::ControlPlane>(*remote->transports_.back()));
  }
  auto& first = *remote->planes_.front();
  deliver_left_records(remote->journal_.parent_path(), plane.endpoint, first);
  // Whatever happens from here on, the server may know the run.
  if (auto kept = keep_left_record(remote->journal_, {.endpoint = plane.endpoint}); !kept) {
    return std::unexpected(std::move(kept.error()));
  }
  auto created = first.create_run(run);
  if (created && created->id != run.id) {
    created = fail(ErrorCode::unavailable, "it does not answer with the run", "is this a runagents server?");
  }
  // A server that does not know of observing would show the run as one in which policy counted.
  if (created && created->observe != run.observe) {
    created = fail(ErrorCode::conflict, "its version does not know runs that observe",
                   "use --context local, or bring the server up to date");
  }
  if (created) {
    auto kept = keep_left_record(remote->journal_, {.endpoint = plane.endpoint, .is_known = true});
    if (!kept) return std::unexpected(std::move(kept.error()));
    return remote;
  }
  if (created.error().code != ErrorCode::unavailable) drop_left_record(remote->journal_);
  created.error().message = "the run cannot be made known to " + plane.endpoint + ": " + created.error().message;
  return std::unexpected(std::move(created.error()));
}

void RemoteRun::start(std::function<void(const std::string&)> say) {
  worker_ = std::make_unique<egress::Worker>(threads);
  std::vector<api::ControlPlane*> planes;
  planes.reserve(planes_.size());
  for (const auto& plane : planes_) planes.push_back(plane.get());
  plane_worker_ = std::make_unique<egress::PlaneWorker>(*worker_, std::move(planes), true);
  auto on_trouble = [say = std::move(say), endpoint = remote_.endpoint](const Error* error) {
    say(error == nullptr ? fmt::format("runagents: {} has the record again\n", endpoint)
                         : fmt::format("runagents: {} does not take the record: {}\n"
                                       "  the run goes on; calls that need an approval wait or are refused\n",
                                       endpoint, error->message));
  };
  sender_ = std::make_unique<RecordSender>(journal_, run_id_, remote_.open, std::move(on_trouble));
}

void RemoteRun::join() {
  if (!worker_) return;
  worker_->stop();
  worker_->join();
}

Result<void> RemoteRun::finish(const api::RunChange& change, std::uint64_t last_seq) {
  if (!sender_) start({[](const std::string&) {}});
  // Without what the calls add up to: the server counts the events.
  const api::RunChange ending{change.status, change.exit_code, change.reason};
  auto kept = keep_left_record(journal_, {.endpoint = remote_.endpoint, .is_known = true, .ending = ending});
  auto sent = sender_->finish(ending, last_seq, patience);
  if (sent) drop_left_record(journal_);
  if (!sent) return sent;
  return kept;
}

}  // namespace runagents
