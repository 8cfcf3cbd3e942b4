#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/ticker.hpp"
#include "server/http/endpoint.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/audit_writer.hpp"

namespace runagents::server {

struct McpEndpointOptions {
  std::string issuer;                ///< the server's own URL, without a final "/"
  std::vector<std::string> origins;  ///< of web pages that may call, besides this server's own
  bool is_loopback = false;          ///< it listens on the loopback: pages that are served from there may call, too
};

/// `/api/v1/proxy/{server}/tools` and `/api/v1/proxy/{server}/mcp`: the way of agents to MCP servers. In this order:
/// authenticate, server, liveness, policy, credential, upstream; what needs the store is one job on a worker. The
/// caller's own token is never passed on.
///
/// A conversation over MCP is the server's own: versions, capabilities and sessions are negotiated between the client
/// and the MCP server, and the proxy takes part where policy or credentials are concerned. Of the event loop's thread.
class McpEndpoint final : public Endpoint {
 public:
  /// All references outlive it. `patient_planes` are for what waits for other people's servers.
  McpEndpoint(http::asio::io_context& context, http::Ticker& ticker, Planes& planes, Planes& patient_planes,
              AuditWriter& audit, McpEndpointOptions options);
  ~McpEndpoint() override;

  [[nodiscard]] bool takes(std::string_view method, std::string_view path) const override;
  [[nodiscard]] std::vector<RouteFacts> routes() const override;
  [[nodiscard]] http::Task<int> serve(const StreamRequest& request, http::Exchange& exchange) override;
  /// Ends sessions and stops processes.
  void stop() override;
  [[nodiscard]] bool is_idle() const override;

 private:
  struct Parts;
  [[nodiscard]] bool is_allowed_origin(std::string_view origin) const;

  std::unique_ptr<Parts> parts_;
};

}  // namespace runagents::server
