#pragma once

#include "core/store/database.hpp"
#include "server/plane.hpp"
#include "server/routes/routes.hpp"
#include "server/service/credentials.hpp"
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
  Approvals approvals{database};
  Grants grants{database};
  Secrets secrets{database, key};
  Consents consents{database};
  Policies policies{database};
  McpServers mcp_servers{database, key};
  OAuthSessions oauth_sessions{database, key};
  Credentials credentials{database, mcp_servers, oauth_sessions};
  LiveCheck live_check{database};
  Router router;  ///< what is below /api/v1
  Router site;    ///< what is not: /.well-known, /healthz
};

}  // namespace runagents::server
