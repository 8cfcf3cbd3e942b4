#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace runagents::cli::output {

/// A JSON value as a YAML document (YAML 1.2, block style). Strings that a reader could take for another type are
/// quoted.
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value);

}  // namespace runagents::cli::output
