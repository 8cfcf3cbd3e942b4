#pragma once

#include <optional>
#include <string_view>

#include "core/model/policy.hpp"
#include "core/model/project.hpp"
#include "core/model/tool.hpp"
#include "core/policy/condition.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/pattern.hpp"

/// What belongs to what: policies to agents, paths to tools, resources to origins.
namespace runagents::policy {

/// Does this policy apply to the agent, or to its account? A policy without subjects belongs to the agent of its
/// project file.
[[nodiscard]] bool is_bound(const model::Policy& policy, const model::Agent& agent) noexcept;

/// Does it apply to some end users: has it a user, group, role or attribute among its subjects?
[[nodiscard]] bool names_users(const model::Policy& policy) noexcept;

/// Does it apply to this caller on this side? Match::unknown: the groups, roles or attributes of the end user are not
/// known, and nothing else makes it apply. The operation names its caller.
[[nodiscard]] Match match_subjects(const model::Policy& policy, const Operation& operation, Side side) noexcept;

/// The part of a canonical path below a tool's base path, at least "/"; empty when the path is not below it.
[[nodiscard]] std::optional<std::string_view> below_base(std::string_view path, std::string_view base) noexcept;

/// Are scheme, host and port of the pattern those of the tool?
[[nodiscard]] bool is_at(const ResourcePattern& resource, const model::BaseUrl& base) noexcept;

}  // namespace runagents::policy
