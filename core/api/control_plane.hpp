#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/transport.hpp"
#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/model/consent.hpp"
#include "core/model/model_spending.hpp"
#include "core/model/run.hpp"
#include "core/model/stored_secret.hpp"

namespace runagents::api {

/// Which runs to list; empty members do not restrict.
struct RunFilter {
  std::string agent;
  std::optional<model::RunStatus> status;
  std::string end_user;
  std::uint32_t limit = 50;  ///< 0: all
};

struct ApprovalFilter {
  std::optional<model::ApprovalStatus> status;
  std::string agent;
  std::string run_id;
  std::uint32_t limit = 50;  ///< 0: all
};

/// What a run's calls add up to so far.
struct RunCounts {
  std::uint64_t calls = 0;
  std::uint64_t refused = 0;   ///< of those
  std::uint64_t approved = 0;  ///< of those
  std::vector<model::ModelUsage> models{};
  std::uint64_t observed = 0;  ///< of the calls: went out because the run observes
};

/// What a run came to, when it ends or when its state changes.
struct RunChange {
  model::RunStatus status = model::RunStatus::running;
  std::optional<int> exit_code;
  std::string reason;
  std::optional<RunCounts> counts = std::nullopt;
  /// Where the control plane keeps the events: it must have them up to this one. ErrorCode::conflict, reason
  /// "events_missing", when it has not.
  std::optional<std::uint64_t> last_seq = std::nullopt;
};

struct EventQuery {
  std::uint64_t after_seq = 0;
  std::uint32_t limit = 0;            ///< 0: all
  std::string type;                   ///< only this type; empty: all
  std::chrono::milliseconds wait{0};  ///< long poll: answer earlier when something new is there
};

struct ConsentFilter {
  std::string tool;
  std::optional<std::string> end_user;  ///< "": the shared ones
};

/// The outcome of a person's decision.
struct ApprovalDecision {
  model::Scope scope = model::Scope::once;
  std::optional<std::chrono::seconds> duration;  ///< window only; default: the request's
  std::string approver;
  std::string reason;
};

/// A control plane, spoken to through its HTTP API. Typed calls in, typed values out; the transport decides where the
/// control plane lives. Blocking and not thread-safe: use it on one worker thread.
///
/// Ids may be given as unambiguous prefixes (of at least four characters) in get, approve, reject and revoke; an
/// ambiguous one is ErrorCode::conflict and its message lists the candidates.
class ControlPlane {
 public:
  explicit ControlPlane(Transport& transport) : transport_{transport} {}

  [[nodiscard]] Result<model::Run> create_run(const model::Run& run);
  [[nodiscard]] Result<model::Run> change_run(std::string_view id, const RunChange& change);
  [[nodiscard]] Result<model::Run> get_run(std::string_view id);
  [[nodiscard]] Result<std::vector<model::Run>> list_runs(const RunFilter& filter);
  /// Stores journal lines (JSON objects, in order, `seq` rising by one); lines already there are left alone.
  [[nodiscard]] Result<void> append_events(std::string_view run_id, std::span<const std::string> lines);
  /// Events as JSON texts, ordered by `seq`.
  [[nodiscard]] Result<std::vector<std::string>> events(std::string_view run_id, const EventQuery& query);
  /// Changes what models have cost the agent of a run in a month.
  [[nodiscard]] Result<model::ModelSpending> change_model_spending(std::string_view run_id,
                                                                   const model::ModelCharge& charge);
  /// Asks the run's runner to end it.
  [[nodiscard]] Result<model::Run> cancel_run(std::string_view id);

  /// Creates a request, or returns the pending one for the same action (deduplicated); a request for this action that
  /// was rejected in this run is returned with status `rejected` instead of asking again.
  [[nodiscard]] Result<model::ApprovalRequest> request_approval(const model::ApprovalRequest& request);
  [[nodiscard]] Result<model::ApprovalRequest> get_approval(std::string_view id);
  /// Those of these requests (full ids) that are not pending any more. Waits for the first for as long as `wait`.
  [[nodiscard]] Result<std::vector<model::ApprovalRequest>> decided_approvals(std::span<const std::string> ids,
                                                                              std::chrono::milliseconds wait);
  [[nodiscard]] Result<std::vector<model::ApprovalRequest>> list_approvals(const ApprovalFilter& filter);
  [[nodiscard]] Result<model::ApprovalRequest> approve(std::string_view id, const ApprovalDecision& decision);
  [[nodiscard]] Result<model::ApprovalRequest> reject(std::string_view id, std::string_view approver,
                                                      std::string_view reason);
  /// Marks a pending request as expired; leaves a decided one alone. Returns the request as it is then.
  [[nodiscard]] Result<model::ApprovalRequest> expire(std::string_view id);

  /// Uses a grant that covers this action now, if there is one: `run` and `window` grants stay, a `once` grant is
  /// consumed by exactly one caller, over all processes and restarts. `use_id` names this use, and no other one ever:
  /// whoever did not get the answer asks again with it and gets the same grant.
  [[nodiscard]] Result<std::optional<model::ApprovalGrant>> use_grant(const model::Action& action,
                                                                      std::string_view run_id,
                                                                      std::string_view use_id = {});
  [[nodiscard]] Result<std::vector<model::ApprovalGrant>> list_grants(bool with_spent);
  [[nodiscard]] Result<model::ApprovalGrant> revoke_grant(std::string_view id);

  /// Puts a secret into the encrypted store, in place of one of the same name. Names are those of `store:NAME`.
  [[nodiscard]] Result<model::StoredSecret> put_secret(std::string_view name, const config::Secret& value);
  [[nodiscard]] Result<std::vector<model::StoredSecret>> list_secrets();
  [[nodiscard]] Result<model::StoredSecret> get_secret(std::string_view name);
  [[nodiscard]] Result<void> delete_secret(std::string_view name);
  /// The value. Only a control plane in this process answers that: a server over HTTP has no such route, so that values
  /// go in and never out.
  [[nodiscard]] Result<config::Secret> reveal_secret(std::string_view name);
  /// Seals everything in the store under a new key. Returns how many values that were.
  [[nodiscard]] Result<std::uint64_t> rotate_store_key();

  /// What is stored, the newest first, without the sealed tokens.
  [[nodiscard]] Result<std::vector<model::Consent>> list_consents(const ConsentFilter& filter);
  /// The consent of a place with its sealed tokens, if there is one.
  [[nodiscard]] Result<std::optional<model::Consent>> find_consent(const model::ConsentPlace& place);
  /// Stores a consent, on disk before it returns, and ends a lease. `version` is the one that was read (0: none was
  /// there); ErrorCode::conflict when somebody else has changed it since, or has deleted it.
  [[nodiscard]] Result<model::Consent> put_consent(const model::Consent& consent);
  /// Takes the right to use the refresh token for at most `length`, and returns the consent as it is now;
  /// ErrorCode::conflict while another holder has it.
  [[nodiscard]] Result<model::Consent> lease_consent(std::string_view id, std::string_view holder,
                                                     std::chrono::milliseconds length);
  /// Gives a lease back early; nothing happens when it is not this holder's.
  [[nodiscard]] Result<void> release_consent(std::string_view id, std::string_view holder);
  /// Deletes a consent and returns it, sealed tokens included, so that they can be revoked.
  [[nodiscard]] Result<model::Consent> delete_consent(std::string_view id);

 private:
  Transport& transport_;
};

}  // namespace runagents::api
