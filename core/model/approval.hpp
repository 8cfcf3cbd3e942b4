#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runagents::model {

/// UTC, milliseconds; written as ISO 8601 ("2026-05-01T12:00:00.123Z").
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

[[nodiscard]] std::string to_iso8601(Time time);
[[nodiscard]] std::optional<Time> from_iso8601(std::string_view text);
[[nodiscard]] Time now();

/// What a granted approval covers. Wire names: `once`, `run`, `agent_user_ttl`.
enum class Scope {
  once,    ///< this very action, one time
  run,     ///< same agent, tool and capability, in this run
  window,  ///< same agent, end user and tool, until it expires
};
[[nodiscard]] std::string_view word(Scope scope) noexcept;  ///< the wire name
/// Reads the wire name, and `window` and `ttl` for `agent_user_ttl`.
[[nodiscard]] std::optional<Scope> scope_of(std::string_view word) noexcept;

enum class ApprovalStatus { pending, approved, rejected, expired };
[[nodiscard]] std::string_view word(ApprovalStatus status) noexcept;  ///< "PENDING", ...
[[nodiscard]] std::optional<ApprovalStatus> approval_status_of(std::string_view word) noexcept;

/// One blocked call, as far as its identity goes: two calls with equal actions are the same action.
struct Action {
  std::string agent;
  std::string tool;
  std::string capability;  ///< empty when the tool declares none
  std::string method;
  std::string url;          ///< canonical, as it will be sent, without any injected credential
  std::string end_user;     ///< empty: nobody
  std::string body_sha256;  ///< lower-case hex
};

/// A request for a human decision on one action.
struct ApprovalRequest {
  std::string id;            ///< UUID
  std::string run_id;        ///< the run that asked first
  std::string requested_by;  ///< id of the user whose run that is; empty: the owner of the embedded store
  Action action;
  std::string action_id;  ///< digest of `action`, the same for equal actions; set by the control plane
  std::string policy;     ///< the policy and, from 1, the rule that asked for the approval
  std::uint32_t rule = 0;
  std::string body_preview;  ///< readable, capped, secrets masked
  std::uint64_t body_bytes = 0;
  std::string content_type;
  std::vector<std::string> approver_groups;
  std::chrono::seconds default_duration{std::chrono::hours{4}};
  ApprovalStatus status = ApprovalStatus::pending;
  std::optional<Scope> scope;  ///< of the decision
  std::string approver;
  std::string reason;
  Time created_at;
  Time updated_at;
  Time expires_at;  ///< the end of the wait for a decision
};

/// What an approval gave. `once` grants disappear from use when `consumed_at` is set.
struct ApprovalGrant {
  std::string id;  ///< UUID
  std::string request_id;
  std::string run_id;
  std::string requested_by;  ///< as in the request
  Scope scope = Scope::once;
  Action action;
  std::string approver;
  Time created_at;
  std::optional<Time> expires_at;
  std::optional<Time> consumed_at;
  std::optional<Time> revoked_at;
};

}  // namespace runagents::model
