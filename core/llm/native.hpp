#pragma once

#include <expected>
#include <string>

#include "core/llm/problem.hpp"
#include "core/llm/request.hpp"

namespace runagents::llm {

/// The caller's bytes with another model's name in them. A name of the member "model" that is spelt with escapes is
/// refused: other readers may not see it.
[[nodiscard]] std::expected<std::string, Problem> with_model(const Request& request, const std::string& model);

/// The body of a streamed chat (OpenAI) with `stream_options.include_usage` set to true. `body` is that of the request
/// but for its values.
[[nodiscard]] std::expected<std::string, Problem> with_usage(const Request& request, std::string body);

}  // namespace runagents::llm
