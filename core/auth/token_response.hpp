#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/http/fetch.hpp"

namespace runagents::auth {

/// What a token endpoint gave.
struct Tokens {
  config::Secret access_token;
  config::Secret refresh_token;                          ///< empty: none came
  std::optional<std::chrono::sys_seconds> expires_at{};  ///< of the access token; empty: it does not say
  std::optional<std::vector<std::string>> scopes{};      ///< what was granted; empty: what was asked for
};

/// Why there are no tokens. The message holds nothing that the server chose but the word of an error that is known.
struct TokenFailure {
  enum class Kind {
    grant_lost,     ///< code, refresh token or consent is worth nothing any more: ask the person again
    configuration,  ///< client, secret, scope or grant type are not what the server wants
    temporary,      ///< no answer, or one that may be another one later
  };
  Kind kind = Kind::temporary;
  std::string message;
};

/// Reads the answer of a token endpoint (RFC 6749, 5.1 and 5.2; RFC 8693, 2.2.1) in its strictest sense: status 200,
/// one JSON object, a token of type Bearer made of visible characters, a lifetime of whole seconds.
[[nodiscard]] std::expected<Tokens, TokenFailure> read_token_response(const http::FetchResponse& response,
                                                                      std::chrono::sys_seconds now);

/// The word as it is when it is an error code of OAuth's own (RFC 6749, 4.1.2.1 and 5.2; RFC 8693; OpenID Connect),
/// else a phrase that says it is none.
[[nodiscard]] std::string_view known_error(std::string_view word) noexcept;

}  // namespace runagents::auth
