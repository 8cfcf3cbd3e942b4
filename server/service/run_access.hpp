#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "core/model/run.hpp"
#include "server/principal.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// Who may do what with runs, and with the approvals that they ask for. The owner of the embedded store may do
/// everything; of a server's users, whoever started a run is the one whose runner writes its record.

/// Whether everybody's runs and approvals are shown: to developers and admins.
[[nodiscard]] bool sees_all_runs(const Principal& principal) noexcept;
/// Whether the user is the one whom an end user's name means: their id or e-mail address (in any case).
[[nodiscard]] bool is_end_user(const Principal& principal, std::string_view end_user);
[[nodiscard]] bool may_see(const Principal& principal, const model::Run& run);
[[nodiscard]] bool may_see(const Principal& principal, const model::ApprovalRequest& request);

/// Whether the principal speaks for the run's runner. ErrorCode::not_found for whom it is not shown,
/// ErrorCode::forbidden for others.
[[nodiscard]] Result<void> check_runner(const Principal& principal, const model::Run& run);

/// Whether the principal may decide on the request: a member of one of its approver groups (none are named: an admin),
/// and neither the one who started the run, nor the user for whom the call is, nor the owner of the run's agent
/// account. ErrorCode::forbidden. Throws soci::soci_error.
[[nodiscard]] Result<void> check_approver(soci::session& session, const Principal& principal,
                                          const model::ApprovalRequest& request);

}  // namespace runagents::server
