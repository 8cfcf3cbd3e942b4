#pragma once

#include <string>
#include <string_view>

#include "core/http/async.hpp"
#include "core/http/ticker.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/audit_writer.hpp"
#include "server/mcp/call_record.hpp"
#include "server/mcp/credential_refresher.hpp"
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
  CredentialRefresher refresher;
  UpstreamPool pool;
  HttpPeer http_peer;
  StdioStarts starts;
  StdioSessions stdio_sessions;
  StdioPeer stdio_peer;

  Parts(http::asio::io_context& loop, http::Ticker& clock, Planes& workers, Planes& patient_workers,
        AuditWriter& writer, McpEndpointOptions given);

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
  /// Runs `job` on a worker and refreshes the credential of what it admits, if that is needed.
  template <class T>
  http::Task<Admitted<T>> admit(std::function<Admitted<T>(Plane&)> job) {
    auto admitted = co_await planes.run<Admitted<T>>(std::move(job));
    if (!admitted || !admitted->admission.needs_refresh) co_return admitted;
    auto refreshed = co_await refresher.refresh(admitted->admission, false);
    if (refreshed) co_return admitted;
    co_return std::unexpected(without_credential(std::move(*admitted), std::move(refreshed.error())));
  }
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
