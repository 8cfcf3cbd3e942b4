#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/policy/evaluator.hpp"
#include "runner/egress/names.hpp"

namespace runagents::egress {

class Limiter;
class InboundRequests;
class UnregisteredHosts;

/// Everything that a decision needs. Immutable, shared by pointer, replaced whole.
struct Snapshot {
  policy::Evaluator evaluator;
  std::string run_id;
  std::string agent;
  std::string agent_identity;          ///< spiffe://...
  std::string end_user;                ///< of the whole run (`--user`); empty: nobody
  Limiter* limiter = nullptr;          ///< counts; outlives the snapshot
  Names names{};                       ///< who has which address inside the fence
  InboundRequests* inbound = nullptr;  ///< requests that the agent is at work on; null: no ingress
  /// Hosts that no tool has, where the run observes: policy, capabilities and approvals refuse and hold nothing, and
  /// what they found is noted. Null: they do.
  UnregisteredHosts* unregistered = nullptr;

  [[nodiscard]] bool observes() const noexcept { return unregistered != nullptr; }
};

}  // namespace runagents::egress
