#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/output/lines.hpp"
#include "core/model/approval.hpp"

namespace runagents::cli {

/// What a person needs to know before deciding, line by line and the most important first: the call, for whom and by
/// which agent, its body; then how long it waits, the run, why it is asked. Nothing of it can steer a terminal, and no
/// line of the body can pass for one of ours.
[[nodiscard]] std::vector<output::Line> approval_lines(const model::ApprovalRequest& request, model::Time now,
                                                       std::size_t most_body_lines);

/// What each scope would allow; `words` are how once, run and window are called where they are chosen.
[[nodiscard]] std::vector<output::Line> scope_lines(const model::ApprovalRequest& request,
                                                    const std::vector<std::string>& words);

/// All of it, with the commands that decide. `width`: columns; 0: unlimited.
[[nodiscard]] std::string approval_card(const model::ApprovalRequest& request, model::Time now, bool colour,
                                        std::size_t width = 0);

/// The same as a question at the terminal of a run, to be answered with y, run, window or n.
[[nodiscard]] std::string approval_question(const model::ApprovalRequest& request, model::Time now,
                                            std::size_t width = 0);

}  // namespace runagents::cli
