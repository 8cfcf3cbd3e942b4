#pragma once

#include "server/routes/router.hpp"
#include "server/service/approvals.hpp"
#include "server/service/grants.hpp"
#include "server/service/runs.hpp"

namespace runagents::server {

/// Adds the routes of a resource. The services must outlive the router.
void add_run_routes(Router& router, Runs& runs);
void add_approval_routes(Router& router, Runs& runs, Approvals& approvals);
void add_grant_routes(Router& router, Grants& grants);

}  // namespace runagents::server
