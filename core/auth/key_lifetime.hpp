#pragma once

#include <chrono>

#include "core/http/fetch.hpp"

namespace runagents::auth {

/// What a provider may ask for stays within these: not so short that every request would wait for it, not so long that
/// a key that it withdrew would serve for a day.
inline constexpr std::chrono::seconds min_key_lifetime{60};
inline constexpr std::chrono::seconds max_key_lifetime{3600};
/// When the answer says nothing.
inline constexpr std::chrono::seconds default_key_lifetime{600};

/// How long an answer stays fresh (RFC 9111, section 4.2.1): `Cache-Control`, less `Age`, or else `Expires` less
/// `Date`; within the bounds above.
[[nodiscard]] std::chrono::seconds key_lifetime(const http::FetchResponse& response);

}  // namespace runagents::auth
