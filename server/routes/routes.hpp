#pragma once

#include "server/routes/router.hpp"
#include "server/service/agent_accounts.hpp"
#include "server/service/api_keys.hpp"
#include "server/service/approval_connectors.hpp"
#include "server/service/approvals.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/consents.hpp"
#include "server/service/delegations.hpp"
#include "server/service/grants.hpp"
#include "server/service/mcp_servers.hpp"
#include "server/service/model_spending.hpp"
#include "server/service/oauth_sessions.hpp"
#include "server/service/policies.hpp"
#include "server/service/policy_sets.hpp"
#include "server/service/runs.hpp"
#include "server/service/secrets.hpp"
#include "server/service/session_grants.hpp"
#include "server/service/users.hpp"

namespace runagents::server {

class UpstreamAuthorizations;

/// What the page of an approval request needs.
struct DecisionPageParts {
  Approvals& approvals;
  ApiKeys& api_keys;
  Users& users;
  StoreKey& key;
  std::string issuer;
};

/// Adds the routes of a resource. The services must outlive the router.
void add_run_routes(Router& router, Runs& runs, ModelSpendings& spendings);
void add_approval_routes(Router& router, Runs& runs, Approvals& approvals, AuditLog& audit);
/// Webhooks that learn of approval requests.
void add_approval_connector_routes(Router& router, ApprovalConnectors& connectors, ApprovalNotices& notices,
                                   AuditLog& audit);
/// The page behind the decision link of a message; not below the API's base.
void add_approval_page(Router& router, const DecisionPageParts& parts);
void add_grant_routes(Router& router, Grants& grants, AuditLog& audit);
void add_secret_routes(Router& router, Secrets& secrets, AuditLog& audit);
/// The one that gives the value of a secret: for a control plane in the user's own process, never for a server.
void add_local_secret_routes(Router& router, Secrets& secrets);
void add_consent_routes(Router& router, Consents& consents);
void add_policy_routes(Router& router, Policies& policies, AuditLog& audit);
/// What the policies say to a call that is not made.
void add_policy_evaluation_route(Router& router, store::Database& database, PolicySets& sets);
/// For those who watch a server; not below the API's base.
void add_health_routes(Router& router, store::Database& database);

/// Whatever these change stands in the audit log, and so does what they refuse.
void add_user_routes(Router& router, Users& users, AuditLog& audit);
void add_api_key_routes(Router& router, ApiKeys& keys, AuditLog& audit);
void add_agent_account_routes(Router& router, AgentAccounts& accounts, AuditLog& audit);
void add_delegation_routes(Router& router, Delegations& delegations, AuditLog& audit);
void add_server_routes(Router& router, McpServers& servers, AuditLog& audit);
void add_oauth_session_routes(Router& router, McpServers& servers, Users& users, OAuthSessions& sessions,
                              AuditLog& audit);
/// The API's route that begins a connection to an MCP server, and the pages that a person's browser sees on the way.
/// `issuer` empty: there are no pages.
void add_upstream_authorization_routes(Router& router, Router& site, UpstreamAuthorizations& authorizations,
                                       McpServers& servers, AuditLog& audit, const std::string& issuer);
/// Whether a request makes this server ask other people's, and so may take long.
[[nodiscard]] bool asks_other_servers(std::string_view method, std::string_view path) noexcept;
void add_session_grant_routes(Router& router, SessionGrants& grants, AuditLog& audit);
void add_audit_routes(Router& router, AuditLog& audit);

}  // namespace runagents::server
