#pragma once

#include <expected>
#include <string>
#include <utility>

#include "core/policy/target.hpp"

namespace runagents::policy {

/// Two programs could read the target differently.
[[nodiscard]] inline std::unexpected<TargetError> ambiguous(std::string message) {
  return std::unexpected(TargetError{model::RefusalCode::ambiguous_target, std::move(message)});
}

/// The target has no reading at all.
[[nodiscard]] inline std::unexpected<TargetError> bad(std::string message) {
  return std::unexpected(TargetError{model::RefusalCode::bad_request, std::move(message)});
}

}  // namespace runagents::policy
