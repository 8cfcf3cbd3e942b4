#include "server/service/plain_text.hpp"

#include <algorithm>

#include "core/ascii.hpp"
#include "server/service/identifier.hpp"

namespace runagents::server {

Result<void> check_text(std::string_view what, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return fail(ErrorCode::usage,
                "\"" + std::string{what} + "\" must not be longer than " + std::to_string(max_bytes) + " bytes");
  }
  if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return fail(ErrorCode::usage, "\"" + std::string{what} + "\" must not have control characters");
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
