#pragma once

#include <string>

#include "runner/egress/engine.hpp"
#include "runner/replay/recorded_call.hpp"

namespace runagents::replay {

/// What a call is known by in a recording. Its tool is known, or it is one to a model.
[[nodiscard]] CallKey key_of(const egress::Call& call);

/// "http://127.0.0.1:PORT" of the listener through which a call came; empty where the tool has its own name.
[[nodiscard]] std::string door_of(const egress::Call& call);

/// Instead of forward: answers a call that was allowed from the engine's recording, or refuses it because there is
/// nothing left. No connection is made, nobody is asked, and no credential is read. Ends with the call recorded.
[[nodiscard]] http::Task<void> answer_from_recording(egress::Engine& engine, egress::Call& call,
                                                     egress::Exchange& exchange);

}  // namespace runagents::replay
