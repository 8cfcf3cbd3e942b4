#include "server/plane.hpp"

#include <utility>

#include "core/store/database.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {

struct Plane::Parts {
  Parts(store::Database opened, const PlaneOptions& given)
      : options{given}, database{std::move(opened)}, key{given.data_directory} {
    add_run_routes(router, runs);
    add_approval_routes(router, runs, approvals);
    add_grant_routes(router, grants);
    add_secret_routes(router, secrets);
    add_consent_routes(router, consents);
    add_policy_routes(router, policies);
    add_policy_evaluation_route(router, database, *policy_sets);
    add_user_routes(router, users, audit);
    add_api_key_routes(router, api_keys, audit);
    add_agent_account_routes(router, agent_accounts, audit);
    add_delegation_routes(router, delegations, audit);
    add_server_routes(router, servers, audit);
    add_oauth_session_routes(router, servers, users, oauth_sessions, audit);
    add_session_grant_routes(router, session_grants, audit);
    add_audit_routes(router, audit);
    if (options.issuer.empty()) add_local_secret_routes(router, secrets);
  }

  PlaneOptions options;
  store::Database database;
  std::shared_ptr<PolicySets> policy_sets =
      options.policy_sets != nullptr ? options.policy_sets : std::make_shared<PolicySets>();
  Runs runs{database};
  Approvals approvals{database};
  Grants grants{database};
  StoreKey key;
  Secrets secrets{database, key};
  Consents consents{database};
  Policies policies{database};
  AuditLog audit{database};
  Users users{database};
  ApiKeys api_keys{database};
  AgentAccounts agent_accounts{database};
  Delegations delegations{database};
  McpServers servers{database, key};
  OAuthSessions oauth_sessions{database, key};
  SessionGrants session_grants{database};
  Router router;
};

Plane::Plane(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Plane::~Plane() = default;

Result<std::unique_ptr<Plane>> Plane::open(const PlaneOptions& options) {
  const auto file = options.data_directory / "runagents.db";
  auto database = options.database.empty() ? store::Database::open(file) : store::Database::open(options.database);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<Plane>{new Plane{std::make_unique<Parts>(std::move(*database), options)}};
}

api::Response Plane::answer_owner(const api::Request& request) {
  return parts_->router.answer(request, [](const api::Request&) -> Result<Principal> {
    return Principal{.kind = Principal::Kind::local, .role = Role::admin};
  });
}

}  // namespace runagents::server
