#pragma once

#include <string_view>

#include "core/error.hpp"

namespace runagents::api {

/// A reason (the API's `code`) that is not answered with the status of its error code: the published answers of the
/// agent-account API, and what an MCP server behind the proxy did wrong.
struct Reason {
  std::string_view word;
  ErrorCode code;   ///< what it means to a caller
  int http_status;  ///< how it is answered
};

/// Null: the status is the one of the error's code.
[[nodiscard]] const Reason* find_reason(std::string_view word) noexcept;

}  // namespace runagents::api
