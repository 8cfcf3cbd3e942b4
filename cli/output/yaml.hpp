#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "cli/output/characters.hpp"

namespace runagents::cli::output {

/// A JSON value as a YAML document (YAML 1.2, block style). Strings that a reader could take for another type are
/// quoted; with Characters::ascii all else is escaped.
[[nodiscard]] std::string to_yaml(const nlohmann::ordered_json& value, Characters characters = output::characters());

}  // namespace runagents::cli::output
