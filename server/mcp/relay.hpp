#pragma once

#include <cstddef>
#include <string>

#include "core/http/exchange.hpp"
#include "core/mcp/tool_list.hpp"
#include "server/mcp/upstream_pool.hpp"

namespace runagents::server {

/// Answers and events that have to be looked into may be this large; what only passes is not bounded.
inline constexpr std::size_t max_inspected_bytes = std::size_t{16} << 20U;

/// How an answer of an MCP server goes to the client.
struct RelayRules {
  std::string fields;                    ///< field lines to add
  const mcp::MaySee* may_see = nullptr;  ///< lists of tools are filtered; null: nothing is looked into
};

/// Passes an answer on, a stream of events as it comes. Returns its status; 0: the client was gone. An error means that
/// nothing was sent, and why: an answer that has to be looked into and cannot be.
[[nodiscard]] http::Task<Result<int>> relay(UpstreamCall& call, http::Exchange& exchange, const RelayRules& rules);

/// The media type of the answer, in lower case, without parameters.
[[nodiscard]] std::string media_type(const UpstreamCall& call);
/// Whether it has a content coding; none was asked for.
[[nodiscard]] bool is_encoded(const UpstreamCall& call);

}  // namespace runagents::server
