#pragma once

#include <string>
#include <string_view>

#include "runner/replay/playback.hpp"
#include "runner/replay/tape.hpp"

namespace runagents::replay {

/// How a replay of the run `run_id` went, for people; ends in a newline.
[[nodiscard]] std::string to_text(const Playback& playback, std::string_view run_id);

/// For machines: one JSON object, one line. `differs`, `calls` of the recording, how many of them came the `same`, and
/// lists of those that are `new`, `changed` and `missing`.
[[nodiscard]] std::string to_json(const Playback& playback, std::string_view run_id);

/// What was kept of a run, for people; ends in a newline.
[[nodiscard]] std::string to_text(const Tape& tape, std::string_view run_id);

}  // namespace runagents::replay
