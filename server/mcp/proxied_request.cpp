#include "server/mcp/proxied_request.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "core/auth/strict_json.hpp"
#include "core/policy/json_arguments.hpp"
#include "server/mcp/session_id.hpp"
#include "server/services.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

constexpr std::size_t max_name_bytes = 2048;

std::unexpected<Refusal> refuse(Error error) { return std::unexpected(Refusal{.error = std::move(error)}); }

std::unexpected<Refusal> refuse(mcp::ProtocolError error) {
  return std::unexpected(Refusal{.error = {}, .protocol = std::move(error)});
}

Result<Admission> admit_caller(Plane& plane, const ProxiedRequest& request) {
  auto principal = plane.authenticate(request.request, request.client);
  if (!principal) return std::unexpected(principal.error());
  auto services = mcp_services(plane);
  return admit(services, std::move(*principal), request.server);
}

std::vector<http::Field> views(const api::Fields& fields) {
  std::vector<http::Field> out;
  out.reserve(fields.size());
  for (const auto& [name, value] : fields) out.push_back({name, value});
  return out;
}

/// The MCP server's own id of the session that the request names. With a command the id is the proxy's own, and who it
/// belongs to is looked up where the processes are.
Result<std::string> upstream_session(McpServices& services, const Admission& admission, std::string_view named) {
  if (named.empty() || admission.server.transport == model::McpTransport::stdio) return std::string{named};
  return open_session_id(services, admission, named);
}

struct ToolBody {
  std::string tool;
  json arguments;
};

Result<ToolBody> read_tool_body(std::string_view text) {
  const auto unfit = [](std::string why) { return fail(ErrorCode::usage, std::move(why)); };
  auto body = auth::read_strict_json(text, {.portable = true});
  if (!body) return unfit("the body " + body.error());
  const auto* name = auth::text_member(*body, "tool_name");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (name == nullptr || name->empty() || name->size() > max_name_bytes || std::ranges::any_of(*name, is_control)) {
    return unfit("\"tool_name\" is missing, or no name of a tool");
  }
  ToolBody read{.tool = *name, .arguments = json::object()};
  for (const auto& member : body->items()) {
    if (member.key() == "tool_name") continue;
    if (member.key() != "arguments") return unfit("only \"tool_name\" and \"arguments\" are known");
    if (!member.value().is_object()) return unfit("\"arguments\" is not an object");
    read.arguments = member.value();
  }
  return read;
}

}  // namespace

ProxiedRequest proxied_request(const StreamRequest& request, std::string server) {
  ProxiedRequest copy;
  copy.request.method = request.head.method;
  copy.request.target = request.path;
  for (const auto& field : request.head.fields) copy.request.fields.emplace_back(lowered(field.name), field.value);
  copy.server = std::move(server);
  copy.client = request.client;
  copy.id = request.id;
  return copy;
}

std::shared_ptr<ProxiedRequest> share(ProxiedRequest& request) {
  auto body = std::move(request.request.body);
  request.request.body.clear();
  auto shared = std::make_shared<ProxiedRequest>(request);
  shared->request.body = std::move(body);
  return shared;
}

Admitted<AdmittedPost> admit_post(Plane& plane, ProxiedRequest request) {
  auto admission = admit_caller(plane, request);
  if (!admission) return refuse(std::move(admission.error()));
  auto services = mcp_services(plane);
  auto post = mcp::read_post(views(request.request.fields), request.request.body);
  if (!post) return refuse(std::move(post.error()));
  AdmittedPost admitted;
  for (const auto& message : post->messages.all) {
    auto decision = decide(*admission, message);
    if (message.is_tool_call() || !decision.allowed) admitted.decision = decision;
    if (decision.allowed) continue;
    return std::unexpected(Refusal{.error = policy_denied(decision),
                                   .post = std::move(*post),
                                   .decision = std::move(decision),
                                   .admission = std::move(*admission)});
  }
  if (auto attached = attach_credential(services, *admission); !attached) {
    return std::unexpected(Refusal{.error = std::move(attached.error()),
                                   .post = std::move(*post),
                                   .decision = std::move(admitted.decision),
                                   .admission = std::move(*admission)});
  }
  // After the credential, which sessions are bound to.
  if (!mcp::is_modern(post->version)) {
    auto session = upstream_session(services, *admission, request.field("mcp-session-id"));
    if (!session) return refuse(mcp::unknown_session(&post->messages.all.front()));
    admitted.upstream_session = std::move(*session);
  }
  admitted.admission = std::move(*admission);
  admitted.post = std::move(*post);
  admitted.body = std::move(request.request.body);
  return admitted;
}

Admitted<AdmittedSession> admit_session(Plane& plane, const ProxiedRequest& request) {
  auto admission = admit_caller(plane, request);
  if (!admission) return refuse(std::move(admission.error()));
  const auto version = mcp::version_of_field(request.field("mcp-protocol-version"), mcp::protocol_versions);
  if (!version) return refuse(version.error());
  auto services = mcp_services(plane);
  if (auto attached = attach_credential(services, *admission); !attached) return refuse(attached.error());
  auto session = upstream_session(services, *admission, request.field("mcp-session-id"));
  if (!session) return refuse(mcp::unknown_session(nullptr));
  return AdmittedSession{.admission = std::move(*admission), .upstream_session = std::move(*session)};
}

Admitted<AdmittedTool> admit_tool(Plane& plane, const ProxiedRequest& request) {
  auto admission = admit_caller(plane, request);
  if (!admission) return refuse(std::move(admission.error()));
  auto body = read_tool_body(request.request.body);
  if (!body) return refuse(std::move(body.error()));
  const policy::JsonArguments<json> arguments{body->arguments};
  AdmittedTool admitted;
  admitted.tool = body->tool;
  admitted.decision = decide(*admission, admitted.tool, &arguments);
  const auto refused = [&](Error error) {
    return std::unexpected(Refusal{.error = std::move(error),
                                   .decision = std::move(admitted.decision),
                                   .admission = std::move(*admission),
                                   .tool = std::move(admitted.tool)});
  };
  if (!admitted.decision.allowed) return refused(policy_denied(admitted.decision));
  auto services = mcp_services(plane);
  if (auto attached = attach_credential(services, *admission); !attached) {
    return refused(std::move(attached.error()));
  }
  admitted.params = json{{"name", std::move(body->tool)}, {"arguments", std::move(body->arguments)}}.dump();
  admitted.admission = std::move(*admission);
  return admitted;
}

Admitted<AdmittedTool> admit_list(Plane& plane, const ProxiedRequest& request) {
  auto admission = admit_caller(plane, request);
  if (!admission) return refuse(std::move(admission.error()));
  auto services = mcp_services(plane);
  if (auto attached = attach_credential(services, *admission); !attached) return refuse(attached.error());
  return AdmittedTool{.admission = std::move(*admission), .tool = {}, .params = {}, .decision = {}};
}

Result<std::string> binding_now(Plane& plane, const ProxiedRequest& request) {
  auto admission = admit_caller(plane, request);
  if (!admission) return std::unexpected(std::move(admission.error()));
  auto services = mcp_services(plane);
  if (auto attached = attach_credential(services, *admission); !attached) return std::unexpected(attached.error());
  return admission->binding();
}

Refusal without_credential(AdmittedPost admitted, Error error) {
  return {.error = std::move(error),
          .post = std::move(admitted.post),
          .decision = std::move(admitted.decision),
          .admission = std::move(admitted.admission)};
}

Refusal without_credential(AdmittedSession admitted, Error error) {
  return {.error = std::move(error), .admission = std::move(admitted.admission)};
}

Refusal without_credential(AdmittedTool admitted, Error error) {
  return {.error = std::move(error),
          .decision = std::move(admitted.decision),
          .admission = std::move(admitted.admission),
          .tool = std::move(admitted.tool)};
}

McpServices mcp_services(Plane& plane) { return plane.services().mcp; }

}  // namespace runagents::server
