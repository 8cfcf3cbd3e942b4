#include "server/mcp/upstream_fields.hpp"

#include "core/mcp/post.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view user_agent = "User-Agent: runagents/" RUNAGENTS_VERSION "\r\n";

void add(std::string& fields, std::string_view name, std::string_view value) {
  if (!value.empty()) fields.append(name).append(": ").append(value).append("\r\n");
}

bool passes(std::string_view name) {
  return name == "mcp-protocol-version" || name == "mcp-method" || name == "mcp-name" || name == "last-event-id" ||
         name.starts_with("mcp-param-");
}

}  // namespace

std::string upstream_fields(const Admission& admission, const ProxiedRequest& request,
                            std::string_view upstream_session) {
  std::string fields{user_agent};
  if (request.request.method == "GET") {
    add(fields, "Accept", "text/event-stream");
  } else if (request.request.method == "POST") {
    add(fields, "Content-Type", "application/json");
    add(fields, "Accept", "application/json, text/event-stream");
  }
  for (const auto& [name, value] : request.request.fields) {
    if (passes(name)) add(fields, name, value);
  }
  add(fields, "Mcp-Session-Id", upstream_session);
  return fields.append(admission.credential_fields);
}

std::string own_fields(const Admission& admission, std::string_view version, std::string_view method,
                       std::string_view name, std::string_view session) {
  std::string fields{user_agent};
  add(fields, "Content-Type", "application/json");
  add(fields, "Accept", "application/json, text/event-stream");
  add(fields, "MCP-Protocol-Version", version);
  add(fields, "Mcp-Method", method);
  if (!name.empty()) add(fields, "Mcp-Name", mcp::encode_field_value(name));
  add(fields, "Mcp-Session-Id", session);
  return fields.append(admission.credential_fields);
}

}  // namespace runagents::server
