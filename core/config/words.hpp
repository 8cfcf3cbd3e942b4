#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/model/policy.hpp"

namespace runagents::config {

/// The name of an agent, tool, policy, model role or provider: lower-case letters, digits, "-", "_" and ".", 63 at
/// most, starting with a letter or digit.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

/// The name of a capability, which may be that of an MCP tool: letters of both cases, digits and "._/:-", 128 at most.
[[nodiscard]] bool is_capability_name(std::string_view text) noexcept;

/// The name of an environment variable (POSIX, 8.1, with lower-case letters).
[[nodiscard]] bool is_variable_name(std::string_view text) noexcept;

/// The trust domain of a SPIFFE ID (SPIFFE-ID, 2.1).
[[nodiscard]] bool is_trust_domain(std::string_view text) noexcept;

/// A field name of HTTP (RFC 9110, 5.1).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// Whether a credential may stand in the field of this name (in lower case): not in those that frame the message, are
/// the proxy's own, or say who the end user is, where it would change what the request means (RFC 9110, 7.6.1; RFC
/// 9112, 6).
[[nodiscard]] bool can_hold_credential(std::string_view lower_case) noexcept;

/// "1h30m", "30s", "500ms": whole numbers with the units d, h, m, s and ms, largest first, each at most once. Neither
/// zero nor longer than a year.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

/// "09:00-18:00"; "24:00" may end a day. From and to differ.
[[nodiscard]] std::optional<model::Condition::Hours> parse_hours(std::string_view text) noexcept;

/// "mon" is 0.
[[nodiscard]] std::optional<int> parse_day(std::string_view text) noexcept;

}  // namespace runagents::config
