#include "runner/egress/observe.hpp"

#include <utility>

namespace runagents::egress {

void observe(Call& call, model::RefusalCode code) {
  if (!call.observed || call.observed == model::RefusalCode::approval_required) call.observed = code;
}

Verdict refuse_or_observe(const Snapshot& snapshot, Call& call, std::unexpected<Refusal> refused) {
  if (!snapshot.observes()) return refused;
  observe(call, refused.error().code);
  return pass();
}

}  // namespace runagents::egress
