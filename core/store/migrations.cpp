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

constexpr std::array all = {runs_and_approvals, secrets, consents};

}  // namespace

std::span<const std::string_view> migrations() noexcept { return all; }

}  // namespace runagents::store
