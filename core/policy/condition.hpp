#pragma once

#include <chrono>
#include <optional>

#include "core/model/policy.hpp"
#include "core/policy/evaluator.hpp"

namespace runagents::policy {

/// The outcome of a selector. `unknown` counts as a match for deny and approval_required, and as none for allow.
enum class Match { no, yes, unknown };

[[nodiscard]] Match match_users(const model::Rule& rule, const std::optional<EndUser>& end_user) noexcept;
[[nodiscard]] Match match_groups(const model::Rule& rule, const std::optional<EndUser>& end_user) noexcept;
[[nodiscard]] bool in_force(const model::Condition& condition, std::chrono::sys_seconds now) noexcept;

[[nodiscard]] constexpr bool counts(Match match, model::Permission permission) noexcept {
  return match == Match::yes || (match == Match::unknown && permission != model::Permission::allow);
}

}  // namespace runagents::policy
