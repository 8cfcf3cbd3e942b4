#include "cli/objects/kinds.hpp"

namespace runagents::cli {

const ObjectKind& account_kind() {
  static const ObjectKind kind{.what = "agent account",
                               .path = "/agent-accounts",
                               .columns = {{"ID", "id", Shown::id},
                                           {"STATUS", "is_active", Shown::activity},
                                           {.title = "NAME", .member = "name", .shrinks = true},
                                           {"CLIENT ID", "client_id"},
                                           {"CREATED", "created_at", Shown::time},
                                           {"SECRET ROTATED", "secret_rotated_at", Shown::time}},
                               .names = {"name", "client_id"},
                               .when_empty = "no agent accounts (runagents accounts create NAME makes one)",
                               .means = Means::account};
  return kind;
}

const ObjectKind& delegation_kind() {
  static const ObjectKind kind{.what = "delegation",
                               .path = "/delegations",
                               .columns = {{"ID", "id"},
                                           {"STATUS", "is_active", Shown::activity},
                                           {.title = "USER", .member = "delegator_email", .shrinks = true},
                                           {"USER ID", "delegator_user_id"},
                                           {.title = "SERVERS", .member = "server_ids", .shrinks = true},
                                           {"CREATED", "created_at", Shown::time},
                                           {"EXPIRES", "expires_at", Shown::time}},
                               .names = {},
                               .when_empty = "no delegations",
                               .means = Means::delegation};
  return kind;
}

const ObjectKind& grant_kind() {
  static const ObjectKind kind{.what = "session grant",
                               .path = "/session-grants",
                               .columns = {{"ID", "id"},
                                           {"STATUS", "is_active", Shown::activity},
                                           {"SHARED", "shared", Shown::yes},
                                           {.title = "GRANTOR", .member = "grantor_email", .shrinks = true},
                                           {"SERVER", "server_id"},
                                           {"CREATED", "created_at", Shown::time},
                                           {"REVOKED", "revoked_at", Shown::time}},
                               .names = {},
                               .when_empty = "no session grants"};
  return kind;
}

const ObjectKind& server_kind() {
  static const ObjectKind kind{.what = "server",
                               .path = "/servers",
                               .columns = {{"ID", "id", Shown::id},
                                           {"STATUS", "status"},
                                           {.title = "NAME", .member = "name", .shrinks = true},
                                           {"AUTH", "auth_type"},
                                           {"TRANSPORT", "transport"},
                                           {.title = "URL", .member = "url", .shrinks = true},
                                           {"CREATED", "created_at", Shown::time}},
                               .names = {"name", "slug"},
                               .when_empty = "no MCP servers (runagents servers create NAME --url URL registers one)",
                               .means = Means::server};
  return kind;
}

const ObjectKind& user_kind() {
  static const ObjectKind kind{.what = "user",
                               .path = "/users",
                               .columns = {{"ID", "id", Shown::id},
                                           {"STATUS", "is_active", Shown::activity},
                                           {.title = "EMAIL", .member = "email", .shrinks = true},
                                           {.title = "NAME", .member = "name", .shrinks = true},
                                           {"ROLE", "role"},
                                           {.title = "GROUPS", .member = "groups", .shrinks = true},
                                           {"CREATED", "created_at", Shown::time}},
                               .names = {"email", "name"},
                               .when_empty = "no users (runagents users create EMAIL makes one)",
                               .means = Means::user};
  return kind;
}

const ObjectKind& api_key_kind() {
  static const ObjectKind kind{.what = "API key",
                               .path = "/api-keys",
                               .columns = {{"ID", "id", Shown::id},
                                           {.title = "NAME", .member = "name", .shrinks = true},
                                           {"PREFIX", "prefix"},
                                           {"ROLE", "role"},
                                           {"CREATED", "created_at", Shown::time},
                                           {"LAST USED", "last_used_at", Shown::time},
                                           {"EXPIRES", "expires_at", Shown::time},
                                           {"REVOKED", "revoked_at", Shown::time}},
                               .names = {"name", "prefix"},
                               .when_empty = "no API keys (runagents api-keys create NAME makes one)",
                               .means = Means::api_key};
  return kind;
}

const ObjectKind& audit_kind() {
  static const ObjectKind kind{.what = "audit entry",
                               .path = "/auditlogs",
                               .columns = {{"TIME", "timestamp", Shown::time},
                                           {"ACTION", "action_type"},
                                           {"OUTCOME", "outcome"},
                                           {"BY", "actor_type"},
                                           {"ACTOR", "actor_id", Shown::id},
                                           {"USER", "user_id", Shown::id},
                                           {"ACCOUNT", "agent_id", Shown::id},
                                           {"OBJECT", "object_id", Shown::id},
                                           {.title = "DETAIL", .member = "detail", .shrinks = true}},
                               .names = {},
                               .when_empty = "no audit entries"};
  return kind;
}

const ObjectKind& identity_provider_kind() {
  static const ObjectKind kind{
      .what = "identity provider",
      .path = "/identity-providers",
      .columns = {{"NAME", "name"},
                  {.title = "ISSUER", .member = "issuer", .shrinks = true},
                  {"USER ID", "user_id_claim"},
                  {.title = "AUDIENCES", .member = "audiences", .shrinks = true},
                  {"CHANGED", "updated_at", Shown::time}},
      .names = {"name"},
      .when_empty = "no identity providers (runagents identity-providers apply -f FILE adds one)",
      .means = Means::identity_provider};
  return kind;
}

const ObjectKind& policy_kind() {
  static const ObjectKind kind{.what = "policy",
                               .path = "/policies",
                               .columns = {{"NAME", "name"},
                                           {"VERSION", "version"},
                                           {.title = "USED BY", .member = "used_by", .shrinks = true},
                                           {"CHANGED", "updated_at", Shown::time}},
                               .names = {"name"},
                               .when_empty = "no policies: every call is refused",
                               .means = Means::policy};
  return kind;
}

const ObjectKind& connector_kind() {
  static const ObjectKind kind{
      .what = "approval connector",
      .path = "/approval-connectors",
      .columns = {{"ID", "id", Shown::id},
                  {"STATUS", "enabled", Shown::activity},
                  {.title = "NAME", .member = "name", .shrinks = true},
                  {.title = "ENDPOINT", .member = "endpoint", .shrinks = true},
                  {"TIMEOUT", "timeout_seconds"},
                  {"CREATED", "created_at", Shown::time}},
      .names = {"name"},
      .when_empty = "no approval connectors (runagents approvals connectors create NAME URL makes one)",
      .means = Means::connector};
  return kind;
}

const ObjectKind& delivery_kind() {
  static const ObjectKind kind{.what = "delivery",
                               .path = "/approval-connectors/activity",
                               .columns = {{"TIME", "timestamp", Shown::time},
                                           {"EVENT", "event"},
                                           {"CONNECTOR", "connector_id", Shown::id},
                                           {"REQUEST", "request_id", Shown::id},
                                           {"STATUS", "status_code"},
                                           {"ATTEMPTS", "attempts"},
                                           {.title = "MESSAGE", .member = "message", .shrinks = true}},
                               .names = {"id"},
                               .when_empty = "nothing was sent to a connector yet"};
  return kind;
}

const ObjectKind& signing_key_kind() {
  static const ObjectKind kind{.what = "signing key",
                               .path = "/signing-keys",
                               .columns = {{"ID", "id"},
                                           {"ALGORITHM", "algorithm"},
                                           {"CREATED", "created_at", Shown::time},
                                           {"SIGNS FROM", "signs_from", Shown::time},
                                           {"RETIRES", "retires_at", Shown::time}},
                               .names = {"id"},
                               .when_empty = "no signing keys yet: the first token makes one"};
  return kind;
}

}  // namespace runagents::cli
