#include "runner/egress/stages.hpp"

namespace runagents::egress {

// Agent: the process at the other end was traced to this run when it connected, or it is nobody.
Verdict verify_agent(const Snapshot& snapshot, Call& call) {
  if (call.arrival->peer) return pass();
  return refuse(
      model::RefusalCode::agent_not_verified,
      "this connection does not come from the agent \"" + snapshot.agent + "\": " + call.arrival->peer_problem,
      "only processes that this run started may call through it");
}

}  // namespace runagents::egress
