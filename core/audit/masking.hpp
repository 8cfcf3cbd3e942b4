#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace runagents::audit {

/// Appends `url` to `out` with the value of every query parameter replaced by "***": "?a=***&b=***".
void append_masked_url(std::string& out, std::string_view url);

/// A readable preview of a request body for a person who has to judge it: at most `limit` bytes, control characters
/// escaped, JSON values and form fields whose names look like secrets ("password", "token", "api_key", ...) replaced by
/// "***", and things that look like credentials (bearer tokens, "sk_live_...", JWTs, private keys) too, also where the
/// cap cuts them. Binary bodies become "(binary, N bytes)".
[[nodiscard]] std::string preview_body(std::string_view body, std::string_view content_type, std::size_t limit = 4096);

/// Whether a name of a variable, a field or a header reads like one of a secret (TOKEN, SECRET, PASSWORD, API_KEY,
/// CREDENTIAL in any case, with - or _).
[[nodiscard]] bool looks_secret(std::string_view name);

}  // namespace runagents::audit
