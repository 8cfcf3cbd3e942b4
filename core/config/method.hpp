#pragma once

#include <span>
#include <string>
#include <string_view>

namespace runagents::config {

/// The methods that a capability or a rule can name: IANA's HTTP Method Registry without CONNECT and TRACE, which the
/// proxy never forwards, and without PRI; and PURGE, which caches understand. A closed list, because a rule that denies
/// "DELTE" would deny nothing.
[[nodiscard]] std::span<const std::string_view> methods() noexcept;

[[nodiscard]] bool is_method(std::string_view text) noexcept;

/// `text` in upper case is a method, but `text` is not: "delete".
[[nodiscard]] bool is_method_in_wrong_case(std::string_view text);

/// `did you mean "DELETE"?` for a text that is nearly a method; empty otherwise.
[[nodiscard]] std::string suggest_method(std::string_view text);

}  // namespace runagents::config
