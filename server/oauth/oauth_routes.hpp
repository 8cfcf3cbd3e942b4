#pragma once

#include "server/oauth/oauth_services.hpp"
#include "server/routes/router.hpp"
#include "server/service/identity_providers.hpp"

namespace runagents::server {

/// What is below the API's base: `/oauth/...` and `/signing-keys`. The services must outlive the router.
void add_oauth_routes(Router& router, OAuthServices& services);
/// What is at the root: `/.well-known/...`.
void add_well_known_routes(Router& site, OAuthServices& services);
void add_identity_provider_routes(Router& router, IdentityProviders& providers, AuditLog& audit);

}  // namespace runagents::server
