#pragma once

#include <cstddef>
#include <string>

#include "core/model/run.hpp"
#include "runner/egress/plane_worker.hpp"
#include "runner/egress/recorder.hpp"

namespace runagents::egress {

/// Calls that wait for a person, and what the control plane says of the run meanwhile. Of the engine's thread; the
/// control plane is used on the worker.
class Pauses {
 public:
  Pauses(PlaneWorker& plane, Recorder& recorder, std::string run_id)
      : plane_{plane}, recorder_{recorder}, run_id_{std::move(run_id)} {}

  /// One more call waits, or one less; `why` is paused_approval or paused_consent.
  void begin(model::RunStatus why);
  void end(model::RunStatus why);
  /// Of the run, as far as its calls make it.
  [[nodiscard]] model::RunStatus status() const noexcept;

 private:
  std::size_t& count(model::RunStatus why) noexcept {
    return why == model::RunStatus::paused_consent ? consents_ : approvals_;
  }
  void tell(model::RunStatus before);

  PlaneWorker& plane_;
  Recorder& recorder_;
  std::string run_id_;
  std::size_t approvals_ = 0;
  std::size_t consents_ = 0;
};

}  // namespace runagents::egress
