#pragma once

#include <optional>
#include <soci/soci.h>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/approval.hpp"
#include "server/service/actor.hpp"

namespace runagents::server {

// Approval requests in the store, each function within the caller's transaction. All of them throw soci::soci_error.
// For .cpp files.

/// Requests as RequestRow binds them, with `r` for the table.
[[nodiscard]] std::string select_requests(std::string_view rest);

/// By id or its beginning. ErrorCode::not_found.
[[nodiscard]] Result<model::ApprovalRequest> load_request(soci::session& session, std::string_view id);
/// The same for somebody who may see it; others are told that there is none.
[[nodiscard]] Result<model::ApprovalRequest> load_visible_request(soci::session& session, const Principal& principal,
                                                                  std::string_view id);
[[nodiscard]] std::optional<model::ApprovalRequest> find_pending(soci::session& session, const std::string& action);
/// That was rejected in this run.
[[nodiscard]] std::optional<model::ApprovalRequest> find_rejected(soci::session& session, const std::string& action,
                                                                  const std::string& run);

/// A request is found by every run that asked for it.
void remember_who_asked(soci::session& session, const std::string& request, const std::string& run);
/// Pending requests whose time is over become EXPIRED.
void expire_all_due(soci::session& session, model::Time time);
void store_decision(soci::session& session, const model::ApprovalRequest& request);

/// What a person decided, and what an agent asked for; not the call's arguments.
[[nodiscard]] Result<void> log_approval(soci::session& session, const Actor& actor, std::string action,
                                        const model::ApprovalRequest& request);

}  // namespace runagents::server
