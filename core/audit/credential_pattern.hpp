#pragma once

#include <string>
#include <string_view>

namespace runagents::audit {

/// What stands where a secret was.
inline constexpr std::string_view mask = "***";

/// Whether a field of a request body is to be masked because of its name: `looks_secret`, and names that mean a secret
/// in a body but not in an environment ("authorization", "cookie", "pwd", "pin").
[[nodiscard]] bool field_looks_secret(std::string_view name);

/// Free text with everything masked that looks like a credential: tokens of well-known providers, JWTs (also encoded
/// once more), PEM private keys, what follows "Bearer" or "Basic", passwords in URLs, and values of assignments
/// ("password: x", "<token>x</token>") whose names look secret. Text that is cut off in the middle of a credential
/// counts as one.
[[nodiscard]] std::string mask_text(std::string_view text);

}  // namespace runagents::audit
