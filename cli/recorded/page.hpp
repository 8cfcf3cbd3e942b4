#pragma once

#include <iosfwd>
#include <span>

#include "cli/recorded/event.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

/// Writes a run as one HTML page: what it came to, a timeline, and a table of its events, which a script makes
/// searchable and unfolds; without one it is still a table. Style and script are in the page and allowed by their
/// hashes, and its policy (Content-Security-Policy) lets it load nothing and send nothing, whatever is in it. Every
/// text of the record is escaped, control characters and what turns the direction of reading too.
void write_page(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events, model::Time now);

}  // namespace runagents::cli
