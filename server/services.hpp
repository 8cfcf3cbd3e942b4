#pragma once

#include "core/auth/oauth2.hpp"
#include "core/http/fetch.hpp"
#include "core/store/database.hpp"
#include "server/idempotency.hpp"
#include "server/mcp/upstream_authorizations.hpp"
#include "server/oauth/oauth_services.hpp"
#include "server/oauth/provider_keys.hpp"
#include "server/plane.hpp"
#include "server/routes/documents.hpp"
#include "server/routes/routes.hpp"
#include "server/service/credentials.hpp"
#include "server/service/identity_providers.hpp"
#include "server/service/live_check.hpp"
#include "server/service/policies.hpp"
#include "server/service/policy_sets.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// Every service of the control plane, over one connection to the store, and the routes over them. Of one thread.
struct Services {
  Services(store::Database opened, const PlaneOptions& given);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  PlaneOptions options;
  store::Database database;
  std::shared_ptr<PolicySets> policy_sets;
  StoreKey key;
  Runs runs{database, options.issuer.empty() ? Journals::here : Journals::elsewhere};
  ModelSpendings model_spendings{database};
  ApprovalConnectors approval_connectors{database, key};
  ApprovalNotices approval_notices{database, options.issuer};
  Approvals approvals{database, options.issuer.empty() ? nullptr : &approval_notices};
  Grants grants{database};
  Secrets secrets{database, key};
  Consents consents{database};
  Policies policies{database};
  AuditLog audit{database};
  DocumentStores documents{database};
  Users users{database};
  ApiKeys api_keys{database};
  AgentAccounts agent_accounts{database};
  Delegations delegations{database};
  McpServers mcp_servers{database, key};
  OAuthSessions oauth_sessions{database, key};
  SessionGrants session_grants{database};
  Credentials credentials{database, mcp_servers, oauth_sessions};
  LiveCheck live_check{database};
  IdentityProviders identity_providers{database, options.issuer};
  UserTokens user_tokens;
  SigningKeys signing_keys{database, key};
  TokenIssuer token_issuer{database, signing_keys, options.issuer};
  OAuthServices oauth{database,    key,         users,        api_keys,     agent_accounts,
                      delegations, mcp_servers, signing_keys, token_issuer, user_tokens};
  McpServices mcp{database, key, mcp_servers, oauth_sessions, credentials, live_check, *policy_sets};
  auth::Fetch fetch = http::fetch;
  UpstreamAuthorizations upstream_authorizations{mcp, users, fetch, options.issuer};
  Idempotency idempotency{database, key};
  Router router;  ///< what is below /api/v1
  Router site;    ///< what is not: /.well-known, /healthz
};

}  // namespace runagents::server
