#pragma once

#include "core/store/database.hpp"
#include "server/oauth/authorization_codes.hpp"
#include "server/oauth/bearer_tokens.hpp"
#include "server/oauth/device_codes.hpp"
#include "server/oauth/logins.hpp"
#include "server/oauth/oauth_clients.hpp"
#include "server/oauth/targets.hpp"
#include "server/oauth/token_issuer.hpp"
#include "server/oauth/user_tokens.hpp"
#include "server/service/agent_accounts.hpp"
#include "server/service/api_keys.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/delegations.hpp"
#include "server/service/mcp_servers.hpp"
#include "server/service/store_key.hpp"
#include "server/service/users.hpp"

namespace runagents::server {

/// What the authorization server is made of. Whoever makes one sees to it that everything outlives it. Of one thread.
struct OAuthServices {
  OAuthServices(store::Database& database, StoreKey& store_key, Users& users_of, ApiKeys& keys_of,
                AgentAccounts& accounts_of, Delegations& delegations_of, McpServers& servers_of,
                SigningKeys& signing_keys, TokenIssuer& issuer_of, UserTokens& user_tokens_of)
      : key{store_key},
        users{users_of},
        api_keys{keys_of},
        accounts{accounts_of},
        delegations{delegations_of},
        servers{servers_of},
        keys{signing_keys},
        issuer{issuer_of},
        user_tokens{user_tokens_of},
        bearer{database, issuer_of, user_tokens_of, users_of, accounts_of, delegations_of},
        audit{database},
        targets{issuer_of, servers_of},
        clients{database},
        logins{database},
        codes{database},
        devices{database} {}

  StoreKey& key;
  Users& users;
  ApiKeys& api_keys;
  AgentAccounts& accounts;
  Delegations& delegations;
  McpServers& servers;
  SigningKeys& keys;
  TokenIssuer& issuer;
  UserTokens& user_tokens;
  BearerTokens bearer;
  AuditLog audit;
  Targets targets;
  OAuthClients clients;
  Logins logins;
  AuthorizationCodes codes;
  DeviceCodes devices;
};

}  // namespace runagents::server
