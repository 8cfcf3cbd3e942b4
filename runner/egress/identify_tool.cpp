#include <algorithm>

#include "core/policy/upkeep.hpp"
#include "runner/egress/observe.hpp"
#include "runner/egress/stages.hpp"
#include "runner/egress/unregistered_hosts.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;

std::string registered_names(const Snapshot& snapshot) {
  std::string names;
  for (const auto* tool : snapshot.evaluator.tools()) names.append(names.empty() ? "" : ", ").append(tool->name);
  return names.empty() ? "no tool is registered" : "registered: " + names;
}

/// Of a provider of models that is called by its own URL: the credential would not be injected there.
bool is_provider(const Snapshot& snapshot, const Call& call) {
  const auto providers = snapshot.evaluator.upstreams().subspan(snapshot.evaluator.tools().size());
  return std::ranges::any_of(providers, [&call](const model::Tool* provider) {
    return provider->base_url.host == call.host && provider->base_url.port == call.port;
  });
}

std::unexpected<Refusal> not_registered(const Snapshot& snapshot, const Call& call) {
  return refuse(tool_not_registered, call.url() + " belongs to no registered tool",
                is_provider(snapshot, call) ? "models are asked at LLM_GATEWAY_URL" : registered_names(snapshot));
}

/// A tunnel leads to a server, not to a path on it: to a tool whose bytes nobody looks into, or to where every request
/// will be identified by itself.
Verdict identify_server(const Snapshot& snapshot, Call& call) {
  const auto& destination = call.arrival->destination;
  bool is_registered = false;
  for (const auto* tool : snapshot.evaluator.tools()) {
    if (tool->base_url.host != call.host || tool->base_url.port != call.port) continue;
    is_registered = true;
    const bool is_passed_through = destination && tool->tls == model::Tls::passthrough;
    if (tool->kind == model::ToolKind::tcp || is_passed_through) {
      call.tool = tool;
      call.scheme = tool->base_url.scheme;
      return pass();
    }
  }
  if (!is_registered || destination) {
    auto refused =
        refuse(tool_not_registered,
               std::string{call.host} + ":" + std::to_string(call.port) + " belongs to no registered tool",
               is_provider(snapshot, call) ? "models are asked at LLM_GATEWAY_URL" : registered_names(snapshot));
    if (destination) return refused;
    if (auto observed = refuse_or_observe(snapshot, call, std::move(refused)); !observed) return observed;
  }
  call.opens_tunnel = true;
  return pass();
}

/// A run that observes lets the agent call the host as it is: without a credential, at public addresses only. A door of
/// one tool leads nowhere else.
Verdict refuse_or_call_host(const Snapshot& snapshot, Call& call, std::unexpected<Refusal> refused) {
  const bool is_http = call.scheme == "http" || call.scheme == "https";
  if (!snapshot.observes() || !is_http || call.arrival->door == Door::alias) return refused;
  call.tool = snapshot.unregistered->find(call.scheme, call.host, call.port);
  if (call.tool == nullptr) {
    return refuse(tool_not_registered, call.url() + " belongs to no registered tool",
                  "this run observes, and has called " + std::to_string(UnregisteredHosts::max_hosts) +
                      " hosts already that are none");
  }
  return refuse_or_observe(snapshot, call, std::move(refused));
}

Verdict check_slashes(const Call& call) {
  if (!call.encoded_slash || call.tool->allow_encoded_slash) return pass();
  return refuse(
      ambiguous_target, "the path holds %2F, which servers read in two ways",
      call.tool->is_registered ? "set allow_encoded_slash = true on " + call.tool->title() + " if it needs that" : "");
}

}  // namespace

// Tool: exactly a registered host and port, and the longest base path that holds the path.
Verdict identify_tool(const Snapshot& snapshot, Call& call) {
  if (call.method() == "CONNECT") return identify_server(snapshot, call);
  const auto* tool = snapshot.evaluator.identify(call.host, call.port, call.path);
  if (tool == nullptr || tool->base_url.scheme != call.scheme) {
    auto verdict = refuse_or_call_host(snapshot, call, not_registered(snapshot, call));
    return verdict ? check_slashes(call) : verdict;
  }
  call.tool = tool;
  if (!policy::is_endpoint(*tool, call.path)) {
    return refuse(tool_not_registered, policy::not_endpoint(*tool, call.url()));
  }
  if (auto slashes = check_slashes(call); !slashes) return slashes;
  if (call.arrival->door == Door::alias && tool != call.arrival->tool) {
    return refuse(misdirected, call.url() + " belongs to " + tool->title() + ", and this is the door of \"" +
                                   call.arrival->tool->name + "\"");
  }
  return pass();
}

}  // namespace runagents::egress
