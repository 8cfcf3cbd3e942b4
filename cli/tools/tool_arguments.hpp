#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/context.hpp"

namespace runagents::cli {

/// The arguments of a call of an MCP tool. `object` is a JSON object as text, "@FILE" or "-"; empty: {}. `words` are
/// NAME=VALUE and come on top: VALUE is what it says as JSON (`12`, `true`, `["a"]`), and a text where it is none, or
/// where it is written NAME:=TEXT. ErrorCode::usage.
[[nodiscard]] Result<nlohmann::ordered_json> tool_arguments(const std::string& object,
                                                            const std::vector<std::string>& words,
                                                            const Context& context);

/// The value of --arguments: a JSON object of at most `max_depth` levels as text, "@FILE" or "-". ErrorCode::usage.
[[nodiscard]] Result<nlohmann::ordered_json> arguments_object(const std::string& given, std::size_t max_depth,
                                                              const Context& context);

/// What a person sees of a tool's result (MCP, `CallToolResult`): the texts of its content, a line for what is no text,
/// and structuredContent where there is no content.
[[nodiscard]] std::string tool_result_text(const nlohmann::ordered_json& result);

}  // namespace runagents::cli
