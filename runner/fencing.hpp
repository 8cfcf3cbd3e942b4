#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/http/certificate_authority.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/snapshot.hpp"
#include "runner/fence/plan.hpp"
#include "runner/launch/environment.hpp"
#include "runner/run.hpp"

namespace runagents {

/// A door that will be opened inside the fence.
struct PlannedDoor {
  egress::Door door = egress::Door::alias;
  const model::Tool* tool = nullptr;  ///< alias doors
  std::string authority;              ///< alias and forward doors: "127.0.0.1:PORT"
};

/// What the fence of a run will be. Its listeners are the doors in their order, and then the resolver's UDP and TCP
/// sockets.
struct Fencing {
  fence::Plan plan;
  std::vector<PlannedDoor> doors;
};

/// Decides which listeners there will be. In a network of its own every port is free, so the agent's URLs are known
/// before the fence exists.
[[nodiscard]] Fencing plan_doors(const egress::Snapshot& snapshot);

/// The variables that the fence adds to the agent's environment.
[[nodiscard]] std::map<std::string, std::string> fence_variables(const std::map<std::string, std::string>& inherited);

/// What the agent will see of the file system: what is covered, exposed, read-only.
[[nodiscard]] Result<fence::View> view_for(const RunOptions& options);

/// Completes the plan by the view and the run's certificates, and the URLs by the fence's variables.
[[nodiscard]] Result<void> plan_view(Fencing& fencing, const RunOptions& options,
                                     const http::CertificateAuthority& authority, launch::DoorUrls& urls);

/// Where this process is; empty when that cannot be said.
[[nodiscard]] std::string current_directory();

}  // namespace runagents
