#pragma once

#include <string>
#include <string_view>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/audit_writer.hpp"
#include "server/mcp/call_record.hpp"
#include "server/mcp/endpoint.hpp"
#include "server/mcp/http_peer.hpp"
#include "server/mcp/proxied_request.hpp"
#include "server/mcp/stdio_peer.hpp"
#include "server/mcp/stdio_sessions.hpp"
#include "server/mcp/upstream_pool.hpp"

namespace runagents::server {

/// "OAuth session expired".
[[nodiscard]] std::unexpected<Error> session_expired();
/// Why no call is made while the audit log cannot be written.
[[nodiscard]] Error no_record();

/// What the handlers of the proxy share. Of the event loop's thread.
struct McpEndpoint::Parts {
  http::asio::io_context& context;
  http::Ticker& ticker;
  Planes& planes;
  AuditWriter& audit;
  McpEndpointOptions options;
  UpstreamPool pool;
  HttpPeer http_peer;
  StdioStarts starts;
  StdioSessions stdio_sessions;
  StdioPeer stdio_peer;

  Parts(http::asio::io_context& loop, http::Ticker& clock, Planes& workers, AuditWriter& writer,
        McpEndpointOptions given);

  [[nodiscard]] Peer& peer_of(const Admission& admission);
  /// Where clients learn how to get a token for this server (RFC 9728, section 3.1).
  [[nodiscard]] std::string metadata_url(std::string_view server) const;
  void record(const Admission& admission, std::string_view request_id, const CallOutcome& outcome);

  http::Task<int> refuse(http::Exchange& exchange, const ProxiedRequest& request, const Refusal& refusal);
  http::Task<int> refuse(http::Exchange& exchange, const ProxiedRequest& request, Error error, Decision decision = {});

  http::Task<int> call_tool(ProxiedRequest request, http::Exchange& exchange);
  http::Task<int> list_tools(ProxiedRequest request, http::Exchange& exchange);
  http::Task<int> post(ProxiedRequest request, http::Exchange& exchange);
  http::Task<int> session(ProxiedRequest request, http::Exchange& exchange);

 private:
  /// Gets a new token after the server refused the old one.
  http::Task<Result<void>> renew(Admission& admission);
  http::Task<Result<PeerAnswer>> ask_renewing(Admission& admission, std::string_view method, std::string_view params,
                                              http::Exchange& exchange);
  http::Task<int> pass_post(const ProxiedRequest& request, AdmittedPost& admitted, http::Exchange& exchange,
                            std::string& code);
  http::Task<int> pass_answer(const ProxiedRequest& request, AdmittedPost& admitted, UpstreamCall& call,
                              http::Exchange& exchange, std::string& code);
  http::Task<int> refuse_post(const ProxiedRequest& request, const AdmittedPost& admitted, Error error,
                              http::Exchange& exchange);
};

}  // namespace runagents::server
