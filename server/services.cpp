#include "server/services.hpp"

#include <utility>

#include "server/oauth/oauth_routes.hpp"

namespace runagents::server {
namespace {

template <class T>
std::shared_ptr<T> given_or_own(const std::shared_ptr<T>& given) {
  return given != nullptr ? given : std::make_shared<T>();
}

}  // namespace

Services::Services(store::Database opened, const PlaneOptions& given)
    : options{given},
      database{std::move(opened)},
      policy_sets{given_or_own(given.policy_sets)},
      key{given.data_directory},
      user_tokens{identity_providers, users, given_or_own(given.provider_keys)} {
  add_run_routes(router, runs, model_spendings);
  add_approval_routes(router, runs, approvals, audit);
  add_grant_routes(router, grants, audit);
  add_secret_routes(router, secrets, audit);
  add_consent_routes(router, consents);
  add_policy_routes(router, policies, audit);
  add_policy_evaluation_route(router, database, *policy_sets);
  add_user_routes(router, users, audit);
  add_api_key_routes(router, api_keys, audit);
  add_agent_account_routes(router, agent_accounts, audit);
  add_delegation_routes(router, delegations, audit);
  add_server_routes(router, mcp_servers, audit);
  add_oauth_session_routes(router, mcp_servers, users, oauth_sessions, audit);
  add_upstream_authorization_routes(router, site, upstream_authorizations, mcp_servers, audit, options.issuer);
  add_session_grant_routes(router, session_grants, audit);
  add_audit_routes(router, audit);
  add_document_routes(router, documents, audit);
  add_context_route(router);
  add_identity_provider_routes(router, identity_providers, audit);
  if (options.issuer.empty()) {
    add_local_secret_routes(router, secrets);
  } else {
    add_approval_connector_routes(router, approval_connectors, approval_notices, audit);
    add_approval_page(site, {approvals, api_keys, users, key, options.issuer});
    add_oauth_routes(router, oauth);
    add_well_known_routes(site, oauth);
    add_health_routes(site, database);
  }
}

}  // namespace runagents::server
