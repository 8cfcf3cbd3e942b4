#pragma once

#include <string>
#include <string_view>

#include "server/mcp/admission.hpp"
#include "server/mcp/proxied_request.hpp"

namespace runagents::server {

/// The fields of a request to an MCP server: made anew. Of the client's own those pass that MCP defines; its
/// credential, cookies and addresses do not.
[[nodiscard]] std::string upstream_fields(const Admission& admission, const ProxiedRequest& request,
                                          std::string_view upstream_session);

/// The fields of a request that the proxy makes itself. What is empty is left out.
[[nodiscard]] std::string own_fields(const Admission& admission, std::string_view version, std::string_view method,
                                     std::string_view name, std::string_view session);

}  // namespace runagents::server
