#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/llm/conversation.hpp"

namespace runagents::llm {

// What the readers of several APIs have in common.

/// An image that is named by a URL: https, http, or data with base64 (RFC 2397).
[[nodiscard]] Image image_of_url(std::string_view url, const std::string& field, Findings& findings);

/// A file whose content is a data URL, or bare base64.
[[nodiscard]] Document document_of_data(std::string_view data, std::string_view name, const std::string& field,
                                        Findings& findings);

/// A list of texts, or one text.
[[nodiscard]] std::vector<std::string_view> texts(const Json& value, const std::string& field, Findings& findings);

/// The outermost members that OpenAI's two APIs share: sampling, limits of what is kept, hints.
void read_openai_members(Members& body, Conversation& conversation);

/// OpenAI's `parameters`, which may be left out, as a schema; null when left out.
[[nodiscard]] const Json* schema_of(Members& tool, std::string_view name);

/// Adds parts to the last turn when it has this role, or to a new one.
void append(std::vector<Turn>& turns, Role role, std::vector<Part> parts, const std::string& field);

}  // namespace runagents::llm
