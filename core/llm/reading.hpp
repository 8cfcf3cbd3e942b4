#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/llm/conversation.hpp"

namespace runagents::llm {

// What the readers of several APIs have in common.

/// An image that is named by a URL: https, http, or data with base64 (RFC 2397).
[[nodiscard]] Image image_of_url(std::string_view url, const std::string& field, Findings& findings);

/// A file whose content is a data URL with base64.
[[nodiscard]] Document document_of_data_url(std::string_view url, std::string_view title, const std::string& field,
                                            Findings& findings);

/// A list of texts, or one text.
[[nodiscard]] std::vector<std::string_view> texts(const Json& value, const std::string& field, Findings& findings);

/// The outermost members that OpenAI's two APIs share: sampling, for whom, hints.
void read_openai_members(Members& body, Conversation& conversation);

/// "auto", "none", "required", or nothing of these.
[[nodiscard]] bool read_choice_word(std::string_view word, ToolChoice& choice);

/// OpenAI's list of allowed tools: what is not on it is not offered.
void keep_allowed(const Json& allowed, const std::string& field, Conversation& conversation, Findings& findings);

/// A result of a tool: into the turn of the results before it, or a new one.
void append_result(std::vector<Turn>& turns, Part result);

}  // namespace runagents::llm
