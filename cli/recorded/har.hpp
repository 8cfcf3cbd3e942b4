#pragma once

#include <iosfwd>
#include <span>

#include "cli/recorded/event.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

/// Writes a run as an HTTP Archive, version 1.2 (http://www.softwareishard.com/blog/har-12-spec/): one page, the run;
/// one entry for each call, refused ones with the status that the agent was told. What the format has no place for
/// (decision, rule, tool, model, tokens) is in `_runagents` of the entry; events that are no calls are in `_runagents`
/// of the log. Headers and bodies are not on record and so are absent, but for bodies of models that a provider keeps.
/// All of it is ASCII.
void write_har(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events);

}  // namespace runagents::cli
