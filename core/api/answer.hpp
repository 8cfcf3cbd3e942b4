#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/api/transport.hpp"
#include "core/error.hpp"

namespace runagents::api {

/// The error that a server reported. The machine word in the body says more than the status: ours (`code`), OAuth's
/// (`error`, RFC 6749, 5.2), or, of servers that write prose only (`detail`, a text or a list of findings), what is
/// known to stand for a case that callers have to tell apart. A 405 is ErrorCode::unavailable, reason "not_offered".
[[nodiscard]] Error error_of(const Response& response);

/// The JSON of an answer that reports success; null for an empty one, as a 204 is.
[[nodiscard]] Result<nlohmann::ordered_json> json_of(const Response& response);

/// One page of a list, however the server wraps it: a bare array, {"data": [...]}, or an object with one array.
struct Page {
  std::vector<nlohmann::ordered_json> items;
  std::string next_cursor;  ///< empty: none is given
  bool is_counted = false;  ///< wrapped in "data": servers that count pages with `skip`
};
[[nodiscard]] Result<Page> page_of(nlohmann::ordered_json json);

}  // namespace runagents::api
