#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/transport.hpp"
#include "core/http/exchange.hpp"
#include "core/mcp/post.hpp"
#include "server/http/endpoint.hpp"
#include "server/http/planes.hpp"
#include "server/mcp/admission.hpp"

namespace runagents::server {

/// One request to the proxy, with copies of all that its job on a worker needs.
struct ProxiedRequest {
  api::Request request;  ///< fields in lower case
  std::string server;    ///< id or name, decoded
  std::string client;    ///< its address
  std::string id;

  [[nodiscard]] std::string_view field(std::string_view name) const { return api::field(request.fields, name); }
};

[[nodiscard]] ProxiedRequest proxied_request(const StreamRequest& request, std::string server);
/// A copy for a job on a worker, which takes the body over.
[[nodiscard]] std::shared_ptr<ProxiedRequest> share(ProxiedRequest& request);

/// Why a request is not passed on: an error of the API, of the protocol, or an answer to its messages.
struct Refusal {
  Error error;
  std::optional<mcp::ProtocolError> protocol = {};
  std::optional<mcp::Post> post = {};  ///< its messages are answered, one by one
  Decision decision = {};
  std::optional<Admission> admission = {};  ///< as far as it got, for the record
  std::string tool = {};                    ///< that was to be called, for the record
};

template <class T>
using Admitted = std::expected<T, Refusal>;

/// A POST that may go on.
struct AdmittedPost {
  Admission admission;
  mcp::Post post;
  std::string body;
  std::string upstream_session;  ///< the MCP server's own id; empty: none
  Decision decision;
};
/// Authenticates, admits, reads the messages, asks policy about each, resolves the credential. On a worker.
[[nodiscard]] Admitted<AdmittedPost> admit_post(Plane& plane, ProxiedRequest request);

/// A GET or DELETE of a session that may go on.
struct AdmittedSession {
  Admission admission;
  std::string upstream_session;
};
[[nodiscard]] Admitted<AdmittedSession> admit_session(Plane& plane, const ProxiedRequest& request);

/// A call of one tool over the REST form, or, without `tool`, the wish to list them.
struct AdmittedTool {
  Admission admission;
  std::string tool;
  std::string params;  ///< of tools/call, as JSON
  Decision decision;
};
[[nodiscard]] Admitted<AdmittedTool> admit_tool(Plane& plane, const ProxiedRequest& request);
[[nodiscard]] Admitted<AdmittedTool> admit_list(Plane& plane, const ProxiedRequest& request);

/// What the request would be bound to if it came now (Admission::binding); the error with which it would be refused.
[[nodiscard]] Result<std::string> binding_now(Plane& plane, const ProxiedRequest& request);

/// What was admitted, but the credential cannot be had.
[[nodiscard]] Refusal without_credential(AdmittedPost admitted, Error error);
[[nodiscard]] Refusal without_credential(AdmittedSession admitted, Error error);
[[nodiscard]] Refusal without_credential(AdmittedTool admitted, Error error);

/// The references to one worker's services.
[[nodiscard]] McpServices mcp_services(Plane& plane);

}  // namespace runagents::server
