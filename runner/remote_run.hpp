#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/record_sender.hpp"
#include "runner/run.hpp"

namespace runagents {

/// What a run has to do with a server: it is known there, its events go there, and the engine asks there for approvals.
class RemoteRun {
 public:
  /// Makes the run known. Blocks; starts no thread. What a run before has left undelivered goes first.
  [[nodiscard]] static Result<std::unique_ptr<RemoteRun>> begin(const RemotePlane& plane, const model::Run& run);
  ~RemoteRun();
  RemoteRun(const RemoteRun&) = delete;
  RemoteRun& operator=(const RemoteRun&) = delete;

  /// Starts the threads: after the agent has been forked. `say` tells the person something, on any thread.
  void start(std::function<void(const std::string&)> say);
  [[nodiscard]] egress::PlaneWorker& worker() noexcept { return *plane_worker_; }
  /// Waits for what the engine has asked and is under way; the rest is given up.
  void join();

  /// The journal is complete: sends the rest, then the run's end. What the server does not get now it gets from the
  /// next command of this machine that speaks to it. Blocks.
  [[nodiscard]] Result<void> finish(const api::RunChange& change, std::uint64_t last_seq);

 private:
  /// Enough for calls that ask at the same time, and one that waits for people.
  static constexpr unsigned threads = 4;

  explicit RemoteRun(const RemotePlane& plane, const model::Run& run);

  const RemotePlane& remote_;
  std::string run_id_;
  std::filesystem::path journal_;
  std::vector<std::unique_ptr<api::Transport>> transports_;
  std::vector<std::unique_ptr<api::ControlPlane>> planes_;
  std::unique_ptr<egress::Worker> worker_;
  std::unique_ptr<egress::PlaneWorker> plane_worker_;
  std::unique_ptr<RecordSender> sender_;
};

}  // namespace runagents
