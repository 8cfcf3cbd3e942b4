#pragma once

#include <optional>
#include <string_view>

#include "core/model/policy.hpp"
#include "core/model/tool.hpp"
#include "core/policy/pattern.hpp"

/// What belongs to what: policies to agents, paths to tools, resources to origins.
namespace runagents::policy {

/// Does this policy apply to the agent? A policy without subjects belongs to the agent of its project file.
[[nodiscard]] bool is_bound(const model::Policy& policy, std::string_view agent) noexcept;

/// The part of a canonical path below a tool's base path, at least "/"; empty when the path is not below it.
[[nodiscard]] std::optional<std::string_view> below_base(std::string_view path, std::string_view base) noexcept;

/// Are scheme, host and port of the pattern those of the tool?
[[nodiscard]] bool is_at(const ResourcePattern& resource, const model::BaseUrl& base) noexcept;

}  // namespace runagents::policy
