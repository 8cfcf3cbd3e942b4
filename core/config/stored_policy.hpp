#pragma once

#include <expected>
#include <string>
#include <vector>

#include "core/config/document.hpp"
#include "core/config/project_file.hpp"
#include "core/model/policy.hpp"

namespace runagents::config {

/// Reads what the control plane stores as a policy, in the published names: `policies` (the rules), `approvals` with
/// `toolIds` and `defaultDuration`, and `subjects`. As strict as a project file, except that tools and tags need not
/// exist yet. E-mail addresses of users become lower case, as they are stored. Findings are named below `spec` and have
/// no place.
[[nodiscard]] std::expected<model::Policy, std::vector<Finding>> read_stored_policy(const Node& spec,
                                                                                    const std::string& name);

}  // namespace runagents::config
