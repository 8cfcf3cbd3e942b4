#include <algorithm>

#include "runner/egress/stages.hpp"
#include "runner/launch/environment.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

std::string registered_names(const Snapshot& snapshot) {
  std::string names;
  for (const auto* tool : snapshot.evaluator.tools()) names.append(names.empty() ? "" : ", ").append(tool->name);
  return names.empty() ? "no tool is registered" : "registered: " + names;
}

std::unexpected<Refusal> not_registered(const Snapshot& snapshot, const Call& call) {
  return refuse(tool_not_registered, call.url() + " belongs to no registered tool", registered_names(snapshot));
}

/// A tunnel would hide method and path; until its content can be read, only the registered URL's own door is offered.
Verdict refuse_tunnel(const Snapshot& snapshot, const Call& call) {
  const auto tools = snapshot.evaluator.tools();
  const auto found = std::ranges::find_if(tools, [&call](const model::Tool* tool) {
    return tool->base_url.host == call.host && tool->base_url.port == call.port;
  });
  const auto authority = std::string{call.host} + ":" + std::to_string(call.port);
  if (found == tools.end()) {
    return refuse(tool_not_registered, authority + " belongs to no registered tool", registered_names(snapshot));
  }
  return refuse(
      interception_unavailable,
      "CONNECT " + authority +
          ": what goes through a tunnel cannot be decided upon without TLS interception, which comes with the fence",
      "call it at the URL in TOOL_" + launch::variable_name((*found)->name) + "_URL");
}

}  // namespace

// Tool: exactly a registered host and port, and the longest base path that holds the path.
Verdict identify_tool(const Snapshot& snapshot, Call& call) {
  if (call.method() == "CONNECT") return refuse_tunnel(snapshot, call);
  const auto* tool = snapshot.evaluator.identify(call.host, call.port, call.path);
  if (tool == nullptr || tool->base_url.scheme != call.scheme) return not_registered(snapshot, call);
  call.tool = tool;
  if (call.encoded_slash && !tool->allow_encoded_slash) {
    return refuse(ambiguous_target, "the path holds %2F, which servers read in two ways",
                  "set allow_encoded_slash = true on the tool \"" + tool->name + "\" if it needs that");
  }
  if (call.arrival->door == Door::alias && tool != call.arrival->tool) {
    return refuse(misdirected, call.url() + " belongs to the tool \"" + tool->name + "\", and this is the door of \"" +
                                   call.arrival->tool->name + "\"");
  }
  return pass();
}

}  // namespace runagents::egress
