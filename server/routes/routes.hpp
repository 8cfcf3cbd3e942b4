#pragma once

#include "server/routes/router.hpp"
#include "server/service/approvals.hpp"
#include "server/service/consents.hpp"
#include "server/service/grants.hpp"
#include "server/service/policies.hpp"
#include "server/service/policy_sets.hpp"
#include "server/service/runs.hpp"
#include "server/service/secrets.hpp"

namespace runagents::server {

/// Adds the routes of a resource. The services must outlive the router.
void add_run_routes(Router& router, Runs& runs);
void add_approval_routes(Router& router, Runs& runs, Approvals& approvals);
void add_grant_routes(Router& router, Grants& grants);
void add_secret_routes(Router& router, Secrets& secrets);
/// The one that gives the value of a secret: for a control plane in the user's own process, never for a server.
void add_local_secret_routes(Router& router, Secrets& secrets);
void add_consent_routes(Router& router, Consents& consents);
void add_policy_routes(Router& router, Policies& policies);
/// What the policies say to a call that is not made.
void add_policy_evaluation_route(Router& router, store::Database& database, PolicySets& sets);

}  // namespace runagents::server
