#pragma once

#include "cli/command.hpp"

namespace runagents::cli {

// One function for each top-level command; every one stands in the file of its name.
[[nodiscard]] Command run_command();
[[nodiscard]] Command init_command();
[[nodiscard]] Command demo_command();
[[nodiscard]] Command config_command();
[[nodiscard]] Command tools_command();
[[nodiscard]] Command policies_command();
[[nodiscard]] Command approvals_command();
[[nodiscard]] Command secrets_command();
[[nodiscard]] Command consents_command();
[[nodiscard]] Command runs_command();
[[nodiscard]] Command doctor_command();

}  // namespace runagents::cli
