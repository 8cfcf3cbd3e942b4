#pragma once

#include <string>
#include <string_view>

namespace runagents::audit {

enum class BodyKind { json, form, multipart, text };

/// What a body is, by its content type and, because agents mislabel, by how it starts.
[[nodiscard]] BodyKind body_kind(std::string_view body, std::string_view content_type);

/// Each masks one kind of body. They work on the text itself and never fail: what is cut off or malformed is masked up
/// to where it makes sense again, and nesting costs no stack.
[[nodiscard]] std::string mask_json(std::string_view body);
[[nodiscard]] std::string mask_form(std::string_view body);
[[nodiscard]] std::string mask_multipart(std::string_view body);

}  // namespace runagents::audit
