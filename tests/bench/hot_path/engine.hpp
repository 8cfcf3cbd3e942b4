#pragma once

#include <memory>
#include <string>

#include "core/audit/journal.hpp"
#include "core/model/project.hpp"
#include "runner/egress/approvals.hpp"
#include "runner/egress/credentials.hpp"
#include "runner/egress/doors.hpp"
#include "runner/egress/engine.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/egress/pauses.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/egress/recorder.hpp"
#include "runner/egress/secrets.hpp"
#include "runner/egress/upstream.hpp"
#include "runner/egress/worker.hpp"
#include "runner/loop.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::bench {

/// What a run has between the agent and a tool, wired as the runner wires it, and nothing else of a run: no agent, no
/// store. Whoever connects counts as the agent. The journal is a real file.
class WholeEngine {
 public:
  /// The project has one tool.
  explicit WholeEngine(model::Project project);
  ~WholeEngine();
  WholeEngine(const WholeEngine&) = delete;
  WholeEngine& operator=(const WholeEngine&) = delete;

  [[nodiscard]] Loop& loop() noexcept { return loop_; }
  /// Of the tool's alias door: "127.0.0.1:PORT".
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }
  [[nodiscard]] const egress::Totals& totals() const noexcept { return recorder_->totals(); }

 private:
  tests::TemporaryDirectory directory_;
  Loop loop_;
  http::Ticker ticker_{loop_};
  egress::Worker worker_{1};
  egress::PlaneWorker plane_{worker_, {}, false};
  std::unique_ptr<egress::Limiter> limiter_;
  std::shared_ptr<const egress::Snapshot> snapshot_;
  egress::Upstreams upstreams_{loop_, ticker_};
  egress::Doors doors_{loop_};
  std::unique_ptr<audit::Journal> journal_;
  std::unique_ptr<egress::Recorder> recorder_;
  std::unique_ptr<egress::Pauses> pauses_;
  std::unique_ptr<egress::Secrets> secrets_;
  std::unique_ptr<egress::Credentials> credentials_;
  std::unique_ptr<egress::Approvals> approvals_;
  std::unique_ptr<egress::Engine> engine_;
  std::string authority_;
};

}  // namespace runagents::bench
