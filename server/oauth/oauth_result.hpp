#pragma once

#include <expected>
#include <string>
#include <utility>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "server/routes/router.hpp"

namespace runagents::server {

/// Why an OAuth endpoint refuses (RFC 6749, section 5.2). `error` is the machine word, `description` a sentence in
/// printable ASCII without quotes and backslashes.
struct OAuthError {
  int status = 400;
  std::string error;
  std::string description;
  std::string detail = {};  ///< the published text; empty: `error: description`
  api::Fields fields = {};  ///< more header fields
};

template <class T>
using OAuthResult = std::expected<T, OAuthError>;

[[nodiscard]] inline std::unexpected<OAuthError> refuse(std::string error, std::string description, int status = 400) {
  return std::unexpected(
      OAuthError{.status = status, .error = std::move(error), .description = std::move(description)});
}

/// 401 `invalid_client`, the same for whatever was wrong with the client. `challenge`: it came with an Authorization
/// field, so the answer has one of the same scheme (RFC 6749, section 5.2).
[[nodiscard]] std::unexpected<OAuthError> refuse_client(std::string description, bool challenge);

/// For a failure of this server's own: 503 or 500, without its text.
[[nodiscard]] std::unexpected<OAuthError> refuse_for_now(const Error& error);

/// The body has `error` and `error_description` for OAuth's clients, and `detail` for those of the agent-account API.
[[nodiscard]] Outgoing error_answer(const OAuthError& error);

/// A JSON answer that nobody may keep (RFC 6749, section 5.1).
[[nodiscard]] Outgoing private_answer(std::string body, int status = 200);

}  // namespace runagents::server
