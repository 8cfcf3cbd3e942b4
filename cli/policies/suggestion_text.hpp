#pragma once

#include <string>

#include "cli/policies/suggestion.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

/// The project file with the suggestion in place of its rules: tools as they stand, with what they get and what is new;
/// of the policies what denies, who approves, and what is about end users; and the suggested rules, each with the
/// reason.
[[nodiscard]] std::string configuration_text(const Suggestion& suggestion, const config::Node& document,
                                             const model::Project& project, const model::Run& run);

/// The suggestion as a JSON object, with `configuration`, the text above, in it.
[[nodiscard]] std::string suggestion_json(const Suggestion& suggestion, const model::Run& run,
                                          const std::string& configuration);

}  // namespace runagents::cli
