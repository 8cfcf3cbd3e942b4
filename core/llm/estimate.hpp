#pragma once

#include <cstdint>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace runagents::llm {

/// Tokens of the input as `Request::estimated_input_tokens` describes them. `body` is what a caller sent, not deeper
/// than `max_request_depth`.
[[nodiscard]] std::uint64_t estimated_tokens(const nlohmann::ordered_json& body);

/// Of a text alone.
[[nodiscard]] std::uint64_t estimated_tokens(std::string_view text) noexcept;

}  // namespace runagents::llm
