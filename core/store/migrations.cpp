#include "core/store/migrations.hpp"

#include <array>

namespace runagents::store {
namespace {

// Times are milliseconds since 1970 UTC, lists are JSON texts, "nobody" and "nothing" are empty texts.
//
// Events are kept as the journal's own lines, many to a row: one row per event would cost several times as much CPU
// in the runner, and events are only ever read in order.
//
// An action has at most one pending request, whatever races: the partial index sees to it.
constexpr std::string_view runs_and_approvals = R"sql(
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL,
  command TEXT NOT NULL,
  end_user TEXT NOT NULL,
  isolation TEXT NOT NULL,
  project_file TEXT NOT NULL,
  journal TEXT NOT NULL,
  runner_pid BIGINT NOT NULL,
  status TEXT NOT NULL,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '',
  exit_code INTEGER,
  calls BIGINT NOT NULL DEFAULT 0,
  refused BIGINT NOT NULL DEFAULT 0,
  approved BIGINT NOT NULL DEFAULT 0,
  last_seq BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  finished_at BIGINT
);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_age ON runs (created_at);
CREATE TABLE event_batches (
  run_id TEXT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  lines TEXT NOT NULL,
  PRIMARY KEY (run_id, first_seq)
);
CREATE TABLE approval_requests (
  id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  action_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  tool TEXT NOT NULL,
  capability TEXT NOT NULL,
  method TEXT NOT NULL,
  url TEXT NOT NULL,
  end_user TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  policy TEXT NOT NULL,
  rule BIGINT NOT NULL,
  body_preview TEXT NOT NULL,
  body_bytes BIGINT NOT NULL,
  content_type TEXT NOT NULL,
  approver_groups TEXT NOT NULL,
  default_duration_s BIGINT NOT NULL,
  status TEXT NOT NULL,
  scope TEXT NOT NULL DEFAULT '',
  approver TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX one_pending_request ON approval_requests (action_id) WHERE status = 'PENDING';
CREATE INDEX approval_requests_by_status ON approval_requests (status, created_at);
CREATE INDEX approval_requests_by_action ON approval_requests (action_id, status);
CREATE TABLE approval_request_runs (
  request_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  PRIMARY KEY (request_id, run_id)
);
CREATE INDEX approval_requests_by_run ON approval_request_runs (run_id);
CREATE TABLE approval_grants (
  id TEXT PRIMARY KEY,
  request_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  action_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  tool TEXT NOT NULL,
  capability TEXT NOT NULL,
  method TEXT NOT NULL,
  url TEXT NOT NULL,
  end_user TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  approver TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  consumed_at BIGINT,
  revoked_at BIGINT
);
CREATE INDEX approval_grants_by_agent ON approval_grants (agent, tool);
)sql";

// `sealed` is what auth::Sealer made of the value; see server/service/sealed_columns.cpp.
constexpr std::string_view secrets = R"sql(
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
)sql";

// `sealed` is what the runner encrypted; nobody here can read it. A lease keeps two processes from using the same
// refresh token, which many servers take one time only.
constexpr std::string_view consents = R"sql(
CREATE TABLE consents (
  id TEXT PRIMARY KEY,
  end_user TEXT NOT NULL,
  tool TEXT NOT NULL,
  client TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  requested_scopes TEXT NOT NULL,
  status TEXT NOT NULL,
  sealed TEXT NOT NULL,
  version BIGINT NOT NULL,
  lease_holder TEXT NOT NULL DEFAULT '',
  lease_until BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE UNIQUE INDEX one_consent_of_a_place ON consents (end_user, tool, client);
)sql";

// Keys and client secrets stand as SHA-256 digests: they are 256 random bits, so nothing slower is needed. What can be
// used again (static credentials, tokens of users, private keys) is sealed; see server/service/sealed_columns.cpp.
//
// What may exist once only is a unique index, whatever races: an active delegation of a user to an account, a grant of
// a grantor, the shared grant of an account and a server.
constexpr std::string_view accounts = R"sql(
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  group_names TEXT NOT NULL,
  attributes TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_by_email ON users (email);
CREATE INDEX users_by_name ON users (name);
CREATE INDEX users_by_age ON users (created_at, id);
CREATE INDEX active_admins ON users (id) WHERE role = 'admin' AND is_active = 1;
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  digest TEXT NOT NULL,
  role TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  last_used_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys_by_digest ON api_keys (digest);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at, id);
CREATE INDEX api_keys_by_age ON api_keys (created_at, id);
CREATE INDEX api_keys_by_prefix ON api_keys (prefix);
CREATE TABLE agent_accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  client_id TEXT NOT NULL,
  is_active INTEGER NOT NULL,
  owner_user_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  secret_rotated_at BIGINT,
  last_used_at BIGINT
);
CREATE UNIQUE INDEX agent_accounts_by_name ON agent_accounts (name);
CREATE UNIQUE INDEX agent_accounts_by_client ON agent_accounts (client_id);
CREATE INDEX agent_accounts_by_age ON agent_accounts (created_at, id);
CREATE INDEX agent_accounts_by_owner ON agent_accounts (owner_user_id, created_at, id);
CREATE TABLE account_secrets (
  account_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (account_id, digest)
);
CREATE TABLE delegations (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  server_ids TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX one_active_delegation ON delegations (account_id, user_id) WHERE revoked_at IS NULL;
CREATE INDEX delegations_by_account ON delegations (account_id, created_at, id);
CREATE INDEX delegations_by_pair ON delegations (account_id, user_id, created_at, id);
CREATE INDEX delegations_by_user ON delegations (user_id, created_at, id);
CREATE TABLE mcp_servers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  url TEXT NOT NULL,
  command TEXT NOT NULL,
  environment TEXT NOT NULL,
  transport TEXT NOT NULL,
  auth_type TEXT NOT NULL,
  auth TEXT NOT NULL,
  sealed TEXT NOT NULL,
  status TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX mcp_servers_by_name ON mcp_servers (name);
CREATE INDEX mcp_servers_by_age ON mcp_servers (created_at, id);
CREATE TABLE oauth_sessions (
  id TEXT PRIMARY KEY,
  server_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  sealed TEXT NOT NULL,
  can_refresh INTEGER NOT NULL,
  version BIGINT NOT NULL,
  lease_holder TEXT NOT NULL DEFAULT '',
  lease_until BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT
);
CREATE UNIQUE INDEX one_session_of_a_user ON oauth_sessions (server_id, user_id);
CREATE TABLE session_grants (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  server_id TEXT NOT NULL,
  grantor_user_id TEXT NOT NULL,
  shared INTEGER NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  revoked_at BIGINT,
  revoked_reason TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_grant_of_a_grantor ON session_grants (account_id, server_id, grantor_user_id)
  WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX one_shared_grant ON session_grants (account_id, server_id)
  WHERE revoked_at IS NULL AND shared = 1;
CREATE INDEX session_grants_by_grantor ON session_grants (account_id, grantor_user_id, created_at, id);
CREATE INDEX session_grants_shared ON session_grants (account_id, created_at, id) WHERE shared = 1;
CREATE INDEX session_grants_by_server ON session_grants (server_id);
CREATE TABLE upstream_clients (
  server_id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  metadata TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE TABLE upstream_authorizations (
  state_digest TEXT PRIMARY KEY,
  server_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE TABLE signing_keys (
  id TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  public_key TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  retires_at BIGINT
);
CREATE TABLE revoked_tokens (
  id TEXT PRIMARY KEY,
  expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_age ON revoked_tokens (expires_at);
CREATE TABLE oauth_clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX oauth_clients_unused ON oauth_clients (created_at) WHERE used_at IS NULL;
CREATE TABLE authorization_codes (
  digest TEXT PRIMARY KEY,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  api_key_id TEXT NOT NULL,
  role TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  code_challenge TEXT NOT NULL,
  server_ids TEXT NOT NULL,
  family TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  consumed_at BIGINT
);
CREATE INDEX authorization_codes_by_age ON authorization_codes (expires_at);
CREATE TABLE device_codes (
  digest TEXT PRIMARY KEY,
  user_code TEXT NOT NULL,
  client_id TEXT NOT NULL,
  status TEXT NOT NULL,
  user_id TEXT NOT NULL,
  api_key_id TEXT NOT NULL,
  role TEXT NOT NULL,
  resources TEXT NOT NULL,
  interval_s BIGINT NOT NULL,
  polled_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_codes_by_user_code ON device_codes (user_code);
CREATE INDEX device_codes_by_age ON device_codes (expires_at);
CREATE TABLE refresh_tokens (
  digest TEXT PRIMARY KEY,
  family TEXT NOT NULL,
  client_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  api_key_id TEXT NOT NULL,
  role TEXT NOT NULL,
  server_ids TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  consumed_at BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_by_age ON refresh_tokens (expires_at);
CREATE TABLE resources (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);
CREATE UNIQUE INDEX resources_by_id ON resources (id);
CREATE TABLE resource_versions (
  kind TEXT PRIMARY KEY,
  version BIGINT NOT NULL
);
CREATE TABLE audit_log (
  id TEXT PRIMARY KEY,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  server_id TEXT NOT NULL,
  object TEXT NOT NULL,
  outcome TEXT NOT NULL,
  request_id TEXT NOT NULL,
  detail TEXT NOT NULL
);
CREATE INDEX audit_log_by_age ON audit_log (at, id);
CREATE INDEX audit_log_by_actor ON audit_log (actor_id, at, id);
CREATE INDEX audit_log_by_user ON audit_log (user_id, at, id);
CREATE INDEX audit_log_by_account ON audit_log (account_id, at, id);
CREATE INDEX audit_log_by_server ON audit_log (server_id, at, id);
CREATE INDEX audit_log_by_action ON audit_log (action, at, id);
CREATE TABLE idempotent_answers (
  digest TEXT PRIMARY KEY,
  request_digest TEXT NOT NULL,
  status BIGINT NOT NULL,
  sealed TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX idempotent_answers_by_age ON idempotent_answers (created_at);
CREATE TABLE webhook_deliveries (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  next_at BIGINT,
  last_error TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  delivered_at BIGINT
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE next_at IS NOT NULL;
)sql";

// Who started a run, who asked for an approval and gave what came of it: on a server they are different people. A grant
// for one time keeps the use that consumed it, so that the same use may ask again when the answer got lost.
//
// Whoever delivers moves `next_at` ahead first, so that a delivery belongs to one process at a time.
constexpr std::string_view approvers = R"sql(
ALTER TABLE runs ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN account TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_by_creator ON runs (created_by, created_at);
ALTER TABLE approval_requests ADD COLUMN requested_by TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_grants ADD COLUMN requested_by TEXT NOT NULL DEFAULT '';
ALTER TABLE approval_grants ADD COLUMN consumed_by TEXT NOT NULL DEFAULT '';
CREATE TABLE approval_connectors (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  sealed TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  timeout_s BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX approval_connectors_by_name ON approval_connectors (name);
CREATE INDEX approval_connectors_by_age ON approval_connectors (created_at, id);
ALTER TABLE webhook_deliveries ADD COLUMN connector_id TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_deliveries ADD COLUMN approval_id TEXT NOT NULL DEFAULT '';
ALTER TABLE webhook_deliveries ADD COLUMN status BIGINT NOT NULL DEFAULT 0;
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at, id);
)sql";

// What models have cost an agent in a month, in millionths of a millionth of a dollar. Amounts that calls under way
// have reserved are part of it. Whoever starts runs has agents of their own: anybody can name one.
constexpr std::string_view models = R"sql(
ALTER TABLE runs ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
CREATE TABLE model_spending (
  owner TEXT NOT NULL,
  agent TEXT NOT NULL,
  provider TEXT NOT NULL,
  month TEXT NOT NULL,
  amount BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (owner, agent, month, provider)
);
)sql";

// Runs in which policy refused nothing, and how many calls went out only because of that.
constexpr std::string_view observing = R"sql(
ALTER TABLE runs ADD COLUMN observe INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN observed BIGINT NOT NULL DEFAULT 0;
)sql";

constexpr std::array all = {runs_and_approvals, secrets, consents, accounts, approvers, models, observing};

}  // namespace

std::span<const std::string_view> migrations() noexcept { return all; }

}  // namespace runagents::store
