#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.hpp"

namespace runagents::builtin {

struct Answer {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::string> pieces;  ///< of the body; several are sent one by one
};

/// `POST /echo {"message": M}` answers `{"reply": M, "received": {...}}`; any other request answers with `received`
/// alone. Of credentials it says only whether one was there.
[[nodiscard]] Answer echo(const http::RequestHead& head, std::string_view body);

/// Answers the APIs that agents ask the gateway in, offline and the same each time (core/llm/playground.hpp).
[[nodiscard]] Answer playground(const http::RequestHead& head, std::string body);

}  // namespace runagents::builtin
