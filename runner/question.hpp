#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <sys/types.h>

#include "core/model/approval.hpp"
#include "runner/egress/approvals.hpp"
#include "runner/egress/oauth2_source.hpp"

namespace runagents {

/// Puts a question about an approval request on the controlling terminal and reads the decision: y, run, window or n.
/// Empty: nobody answered. Blocks.
[[nodiscard]] std::optional<egress::Answer> ask_person(std::string question, pid_t agent_group,
                                                       std::chrono::milliseconds time_limit, int cancel_fd);

/// The one-line form for stderr, with the commands that decide.
[[nodiscard]] std::string announcement(const model::ApprovalRequest& request);
/// The same for a consent, with the address at which it is given.
[[nodiscard]] std::string announcement(const egress::ConsentNotice& notice);

}  // namespace runagents
