#include "server/services.hpp"

#include <utility>

namespace runagents::server {

Services::Services(store::Database opened, const PlaneOptions& given)
    : options{given}, database{std::move(opened)}, key{given.data_directory} {
  add_run_routes(router, runs);
  add_approval_routes(router, runs, approvals);
  add_grant_routes(router, grants);
  add_secret_routes(router, secrets);
  add_consent_routes(router, consents);
  add_policy_routes(router, policies);
  add_policy_evaluation_route(router, database, *policy_sets);
  if (options.issuer.empty()) {
    add_local_secret_routes(router, secrets);
  } else {
    add_health_routes(site, database);
  }
}

}  // namespace runagents::server
