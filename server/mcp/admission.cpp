#include "server/mcp/admission.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/policy/json_arguments.hpp"
#include "server/mcp/upstream_tokens.hpp"

namespace runagents::server {
namespace {

using std::chrono::floor;
using std::chrono::seconds;

std::chrono::sys_seconds now() { return floor<seconds>(std::chrono::system_clock::now()); }

/// A token may be for some servers only (RFC 8707); one for another server is none here.
Result<void> check_audience(const Principal& principal, const model::McpServer& server) {
  const auto& audiences = principal.audiences;
  if (audiences.empty() || std::ranges::find(audiences, server.id) != audiences.end()) return {};
  return fail(ErrorCode::unauthenticated, "the token is for another server", {}, "invalid_token");
}

std::string credential_line(std::string_view name, std::string_view prefix, std::string_view secret) {
  std::string line;
  line.append(name).append(": ").append(prefix).append(secret).append("\r\n");
  return line;
}

/// Into `admission`, whose credential is gone until there is a new one.
Result<ResolvedCredential> resolve(McpServices& services, Admission& admission) {
  auto resolved = services.credentials.resolve(admission.principal, admission.server);
  if (!resolved) return resolved;
  config::wipe(admission.credential_fields);
  admission.credential_fields.clear();
  admission.source = resolved->source;
  admission.grant_id = resolved->grant_id;
  admission.grantor_user_id = resolved->grantor_user_id;
  admission.can_renew = false;
  return resolved;
}

void attach(Admission& admission, const OpenedSession& session) {
  admission.credential_id = session.session.id;
  admission.session_version = session.session.version;
  admission.can_renew = session.session.can_refresh;
  admission.needs_refresh = false;
  admission.credential_fields = credential_line("Authorization", "Bearer ", session.tokens.access_token.reveal());
}

}  // namespace

Admission::~Admission() { config::wipe(credential_fields); }

std::string caller_key(const Principal& principal) {
  const auto account = principal.account ? std::string_view{principal.account->id} : "";
  return std::string{account} + "/" + std::string{principal.user_id()};
}

std::string Admission::binding() const { return server.id + "/" + caller_key(principal) + "/" + credential_id; }

bool Admission::may_see(std::string_view tool) const { return policies->may_see(principal, target, tool, now()); }

Result<Admission> admit(McpServices& services, Principal principal, std::string_view server) {
  auto found = services.servers.get(principal, server);
  if (!found) return std::unexpected(found.error());
  if (found->status != model::ServerStatus::active) {
    return fail(ErrorCode::not_found, "the MCP server is not active", {}, "server_not_active");
  }
  if (auto audience = check_audience(principal, *found); !audience) return std::unexpected(audience.error());
  // Whether caller and delegation are live was found out with the credential; what is left is whether it is for here.
  if (principal.kind == Principal::Kind::delegated) {
    if (auto live = services.live.check(principal, found->id); !live) return std::unexpected(live.error());
  }
  auto policies = services.policies.current(services.database);
  if (!policies) return std::unexpected(policies.error());
  Admission admission;
  admission.principal = std::move(principal);
  admission.server = std::move(*found);
  admission.policies = std::move(*policies);
  admission.target = {.id = admission.server.id, .name = admission.server.name, .url = admission.server.url};
  if (admission.server.transport == model::McpTransport::streaming_http) {
    auto address = upstream_address(admission.server.url, admission.server.auth.ca_file);
    if (!address) return std::unexpected(address.error());
    admission.address = std::move(*address);
  }
  return admission;
}

Decision decide(const Admission& admission, std::string_view operation, const policy::Arguments* arguments) {
  const auto outcome = admission.policies->decide(admission.principal, admission.target, operation, arguments, now());
  return {.allowed = outcome.is_allowed(),
          .policy_id = outcome.policy_id,
          .side = std::string{policy::word(outcome.side)},
          .reason = outcome.reason};
}

Decision decide(const Admission& admission, const mcp::Message& message) {
  if (mcp::is_upkeep(message)) return {};
  const auto* given = message.arguments();
  const nlohmann::json none = nlohmann::json::object();
  const policy::JsonArguments<nlohmann::json> arguments{given == nullptr ? none : *given};
  return decide(admission, mcp::operation(message), &arguments);
}

Error policy_denied(const Decision& decision) {
  Error error{ErrorCode::forbidden, "Policy denied"};
  if (!decision.policy_id.empty()) {
    error.message.append(" by policy ")
        .append(decision.policy_id)
        .append(" on the ")
        .append(decision.side)
        .append("'s side");
  } else {
    error.message.append(": nothing allows it on the ").append(decision.side).append("'s side");
  }
  error.hint = decision.reason;
  error.reason = "policy_denied";
  return error;
}

Result<void> attach_credential(McpServices& services, Admission& admission) {
  auto resolved = resolve(services, admission);
  if (!resolved) return std::unexpected(resolved.error());
  if (resolved->session) {
    admission.credential_id = resolved->session->session.id;
    admission.needs_refresh = needs_refresh(*resolved->session);
    if (!admission.needs_refresh) attach(admission, *resolved->session);
    return {};
  }
  if (resolved->source != CredentialSource::server_secret) return {};
  if (admission.server.transport == model::McpTransport::stdio) {
    admission.secret = std::move(resolved->secret);
    return {};
  }
  const auto& auth = admission.server.auth;
  admission.credential_fields = credential_line(auth.name, auth.prefix, resolved->secret.reveal());
  return {};
}

Result<void> refresh_credential(McpServices& services, Admission& admission, bool renew) {
  const auto refused = renew ? std::optional{admission.session_version} : std::nullopt;
  auto resolved = resolve(services, admission);
  if (!resolved) return std::unexpected(resolved.error());
  if (!resolved->session) return fail(ErrorCode::conflict, "the server has changed in the meantime", "try again");
  auto fresh = fresh_session(services, admission.server, std::move(*resolved->session), refused);
  if (!fresh) return std::unexpected(fresh.error());
  attach(admission, *fresh);
  return {};
}

}  // namespace runagents::server
