#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "core/model/approval.hpp"

namespace runagents::api {

/// A time that may be missing, which is null. For .cpp files.
[[nodiscard]] inline nlohmann::ordered_json optional_time(const std::optional<model::Time>& time) {
  return time ? nlohmann::ordered_json(model::to_iso8601(*time)) : nlohmann::ordered_json(nullptr);
}

}  // namespace runagents::api
