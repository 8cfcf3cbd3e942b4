#include "core/api/reason.hpp"

#include <algorithm>
#include <array>

namespace runagents::api {
namespace {

constexpr std::array reasons = {
    Reason{"no_credentials", ErrorCode::needs_person, 401},
    Reason{"oauth_session_not_found", ErrorCode::needs_person, 401},
    Reason{"oauth_session_expired", ErrorCode::needs_person, 401},
    Reason{"no_oauth_session", ErrorCode::needs_person, 400},
    Reason{"rate_limited", ErrorCode::unavailable, 429},
    Reason{"too_large", ErrorCode::usage, 413},
    Reason{"headers_too_large", ErrorCode::usage, 431},
};

}  // namespace

const Reason* find_reason(std::string_view word) noexcept {
  const auto* found = std::ranges::find(reasons, word, &Reason::word);
  return found == reasons.end() ? nullptr : found;
}

}  // namespace runagents::api
