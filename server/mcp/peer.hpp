#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/http/async.hpp"
#include "core/http/exchange.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// What an MCP server said to one request.
struct PeerAnswer {
  std::string text;     ///< the result, or the error, as the server wrote it: a JSON object
  bool failed = false;  ///< it is an error, not a result
};

/// An MCP server as the proxy itself talks to it, for callers that speak no MCP. Of the event loop's thread.
class Peer {
 public:
  Peer() = default;
  virtual ~Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Sends a request and waits for its answer; opens a session where there is none, and anew when the server has
  /// forgotten it. `params` is a JSON object. ErrorCode::unavailable; with reason "upstream_unauthorized" the server
  /// refused the credential and has done nothing. When the client of `exchange` goes away, the server is told that
  /// nobody waits any more (2025-11-25, "Cancellation").
  [[nodiscard]] virtual http::Task<Result<PeerAnswer>> request(const Admission& admission, std::string_view method,
                                                               std::string_view params, http::Exchange& exchange) = 0;
};

}  // namespace runagents::server
