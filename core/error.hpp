#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace runagents {

/// Why an operation failed, as far as a caller has to tell the cases apart.
///
/// One table (`core/error.cpp`) maps each code to its word, process exit code and HTTP status; the manual prints the
/// same table.
enum class ErrorCode {
  usage,            ///< the command line is wrong
  configuration,    ///< a file or an environment variable is wrong
  unauthenticated,  ///< bad or expired credential
  forbidden,        ///< known caller, not permitted
  needs_person,     ///< waits for a human: approval or consent
  not_found,
  conflict,     ///< already exists, or somebody else changed it
  unavailable,  ///< network, time-out, server error
  bad_outcome,  ///< the awaited thing ended badly
  internal,     ///< everything else
};

/// A failure for a reason outside the program. `message` is one sentence for a person, without a final full stop and
/// without secrets; `hint` says what to do next and may be empty. `reason` is the machine word of the API's `code`
/// where callers have to tell more cases apart than ErrorCode does ("no_credentials"); mostly empty.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string hint = {};
  std::string reason = {};
};

/// A value, or the reason why there is none. Functions that can fail because of the world return this; exceptions are
/// for broken invariants and out-of-memory only.
template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for returning an error from a function that returns `Result<T>`.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string hint = {},
                                                 std::string reason = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(hint), std::move(reason)});
}

/// The lower-case word of a code ("not_found"), as used in JSON.
[[nodiscard]] std::string_view word(ErrorCode code) noexcept;
[[nodiscard]] std::optional<ErrorCode> error_code_of(std::string_view word) noexcept;

/// The process exit code that a command ends with (1 to 9).
[[nodiscard]] int exit_code(ErrorCode code) noexcept;

/// The HTTP status with which the control plane reports this error.
[[nodiscard]] int http_status(ErrorCode code) noexcept;

/// The code for a control-plane answer with this HTTP status; the inverse of `http_status` as far as there is one.
[[nodiscard]] ErrorCode error_code_of_status(int status) noexcept;

}  // namespace runagents
