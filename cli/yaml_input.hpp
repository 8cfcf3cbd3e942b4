#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"

namespace runagents::cli {

/// The documents of a YAML text as JSON; empty ones are left out. Plain scalars are what YAML 1.2's core schema says
/// ("yes" is a text). Refuses what is not UTF-8, keys that occur twice or are no texts, and anchors, aliases and tags:
/// what a person reads is what it says. ErrorCode::usage, with the line.
[[nodiscard]] Result<std::vector<nlohmann::ordered_json>> read_yaml(const std::string& text);

}  // namespace runagents::cli
