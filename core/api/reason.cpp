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
    Reason{"idempotency_key_in_use", ErrorCode::conflict, 409},
    Reason{"idempotency_key_reused", ErrorCode::usage, 422},
    Reason{"outcome_unknown", ErrorCode::unavailable, 503},
    Reason{"upstream_unreachable", ErrorCode::unavailable, 502},
    Reason{"upstream_protocol", ErrorCode::unavailable, 502},
    Reason{"upstream_status", ErrorCode::unavailable, 502},
    Reason{"upstream_unauthorized", ErrorCode::unavailable, 502},
    Reason{"upstream_forbidden", ErrorCode::unavailable, 502},
    Reason{"upstream_failed", ErrorCode::unavailable, 502},
    Reason{"upstream_timeout", ErrorCode::unavailable, 504},
};

}  // namespace

const Reason* find_reason(std::string_view word) noexcept {
  const auto* found = std::ranges::find(reasons, word, &Reason::word);
  return found == reasons.end() ? nullptr : found;
}

}  // namespace runagents::api
