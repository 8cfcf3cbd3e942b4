#include "runner/egress/pauses.hpp"

namespace runagents::egress {

using model::RunStatus;

RunStatus Pauses::status() const noexcept {
  if (approvals_ > 0) return RunStatus::paused_approval;
  return consents_ > 0 ? RunStatus::paused_consent : RunStatus::running;
}

void Pauses::begin(RunStatus why) {
  const auto before = status();
  ++count(why);
  tell(before);
}

void Pauses::end(RunStatus why) {
  const auto before = status();
  --count(why);
  tell(before);
  if (status() == RunStatus::running) recorder_.note("RESUMED", "");
}

void Pauses::tell(RunStatus before) {
  if (status() == before) return;
  plane_.post([run = run_id_, now = status()](api::ControlPlane& plane) {
    // The state is for people to look at; a control plane that does not answer shows in the decisions themselves.
    static_cast<void>(plane.change_run(run, {now, std::nullopt, {}}));
  });
}

}  // namespace runagents::egress
