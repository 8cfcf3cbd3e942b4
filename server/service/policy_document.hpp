#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/policy.hpp"

namespace runagents::server {

/// A policy as it is stored: its specification as JSON text, and what that says.
struct PolicyDocument {
  std::string spec;
  model::Policy policy;
};

/// Reads a policy in one of the published shapes: `{name, spec}`, `{apiVersion, kind, metadata: {name}, spec}`, or a
/// specification alone; see config::read_stored_policy. `name` comes from elsewhere, as from the path, and may be empty
/// when the document has one. What a former answer holds besides, as `status`, is passed over. The error names every
/// member that is wrong, by its path.
[[nodiscard]] Result<PolicyDocument> read_policy_document(const nlohmann::ordered_json& document,
                                                          std::string_view name);

/// Reads the specification of a stored policy.
[[nodiscard]] Result<model::Policy> read_policy_spec(std::string_view spec, const std::string& name);

}  // namespace runagents::server
