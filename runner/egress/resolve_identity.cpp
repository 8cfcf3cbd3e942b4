#include "runner/egress/fields.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {

// Identity: the user of the run, or nobody. What the agent says is at most a repetition of that.
Verdict resolve_identity(const Snapshot& snapshot, Call& call) {
  call.end_user = snapshot.end_user;
  for (const auto& field : call.head->fields) {
    if (!same_field(field.name, "x-end-user-id") || field.value == call.end_user) continue;
    return refuse(model::RefusalCode::identity_forged, "the agent names an end user for whom it is not acting",
                  call.end_user.empty() ? "this run acts for nobody; name the user with run --user"
                                        : "leave X-End-User-ID out; it is set on the way to the tool");
  }
  return pass();
}

}  // namespace runagents::egress
