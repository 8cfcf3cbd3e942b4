#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/llm/findings.hpp"
#include "core/llm/members.hpp"
#include "core/llm/request.hpp"
#include "core/llm/usage.hpp"

namespace runagents::llm {

/// OpenAI's request for embeddings (platform.openai.com/docs/api-reference/embeddings). Views are into the JSON of the
/// request.
struct EmbeddingRequest {
  std::vector<std::string_view> inputs;
  Setting dimensions;
  Setting user;
  bool as_base64 = false;  ///< vectors as base64 of 32-bit floats, lowest byte first
};

[[nodiscard]] EmbeddingRequest read_embeddings(const Request& request, Findings& findings);

/// For Ollama's /api/embed. A text that is too long is an error there, too, and not cut.
[[nodiscard]] Json write_ollama_embed(const EmbeddingRequest& request, std::string_view model, Findings& findings);

/// OpenAI's answer. `vectors` is a list of lists of numbers.
[[nodiscard]] std::string embeddings_body(const Json& vectors, std::string_view model, const Usage& usage,
                                          bool as_base64);

/// Ollama's answer to /api/embed, as OpenAI's; the usage is set.
[[nodiscard]] std::expected<std::string, Problem> translate_embeddings(std::string_view body, std::string_view model,
                                                                       bool as_base64, Usage& usage);

}  // namespace runagents::llm
