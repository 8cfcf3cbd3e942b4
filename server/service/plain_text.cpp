#include "server/service/plain_text.hpp"

#include "core/ascii.hpp"
#include "core/glyph.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {

Result<void> check_text(std::string_view what, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return fail(ErrorCode::usage,
                "\"" + std::string{what} + "\" must not be longer than " + std::to_string(max_bytes) + " bytes");
  }
  while (!text.empty()) {
    const auto glyph = first_glyph(text);
    if (glyph.size == 0) return fail(ErrorCode::usage, "\"" + std::string{what} + "\" is not UTF-8");
    if (misleads(glyph.code)) {
      return fail(ErrorCode::usage, "\"" + std::string{what} + "\" must not have control or invisible characters");
    }
    text.remove_prefix(glyph.size);
  }
  return {};
}

Result<void> check_unique_name(std::string_view what, std::string_view text) {
  if (text.empty()) return fail(ErrorCode::usage, "\"" + std::string{what} + "\" must not be empty");
  if (text.front() == ' ' || text.back() == ' ') {
    return fail(ErrorCode::usage, "\"" + std::string{what} + "\" must not begin or end with a blank");
  }
  if (is_uuid(lowered(text)) || text.contains('@')) {
    return fail(ErrorCode::usage, "\"" + std::string{what} + "\" must not look like an id or an e-mail address");
  }
  return check_text(what, text, max_name_bytes);
}

}  // namespace runagents::server
