#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/mcp/message.hpp"
#include "core/mcp/protocol_version.hpp"

namespace runagents::mcp {

/// An error response. `id` is that of the request, as JSON; empty writes null, as JSON-RPC says for a request whose id
/// could not be read. `data` is JSON; empty leaves it out.
[[nodiscard]] std::string write_error(std::string_view id, int code, std::string_view message,
                                      std::string_view data = {});
[[nodiscard]] std::string write_error(const ProtocolError& error);

/// A response with a result. Modern versions get `resultType`: "complete" unless the result has one.
[[nodiscard]] std::string write_result(std::string_view id, nlohmann::json result, ProtocolVersion version);

/// A tool's result that says that the call was refused, in a form that a model reads: `isError`, the text, and `why`
/// as structuredContent (an object with at least `code`, the machine word of the refusal).
[[nodiscard]] nlohmann::json refusal_result(std::string_view text, const nlohmann::json& why);

}  // namespace runagents::mcp
