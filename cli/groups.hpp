#pragma once

#include "cli/command.hpp"

namespace runagents::cli {

// One function for each top-level command; every one stands in the file of its name.
[[nodiscard]] Command run_command();
[[nodiscard]] Command init_command();
[[nodiscard]] Command demo_command();
[[nodiscard]] Command config_command();
[[nodiscard]] Command tools_command();
[[nodiscard]] Command agents_command();
[[nodiscard]] Command models_command();
[[nodiscard]] Command policies_command();
[[nodiscard]] Command approvals_command();
[[nodiscard]] Command approval_connectors_command();  // of approvals_command
[[nodiscard]] Command secrets_command();
[[nodiscard]] Command consents_command();
[[nodiscard]] Command runs_command();
[[nodiscard]] Command doctor_command();
[[nodiscard]] Command context_command();
[[nodiscard]] Command accounts_command();
[[nodiscard]] Command delegations_command();
[[nodiscard]] Command session_grants_command();
[[nodiscard]] Command server_command();
[[nodiscard]] Command servers_command();
[[nodiscard]] Command server_connect_command();  // of servers_command, as the next
[[nodiscard]] Command server_session_command();
[[nodiscard]] Command mcp_command();
[[nodiscard]] Command apply_command();
[[nodiscard]] Command export_command();
[[nodiscard]] Command identity_providers_command();
[[nodiscard]] Command users_command();
[[nodiscard]] Command api_keys_command();
[[nodiscard]] Command signing_keys_command();
[[nodiscard]] Command audit_command();
[[nodiscard]] Command token_command();
[[nodiscard]] Command exec_command();
[[nodiscard]] Command login_command();
[[nodiscard]] Command logout_command();
[[nodiscard]] Command whoami_command();
[[nodiscard]] Command completion_command();
[[nodiscard]] Command complete_command();

}  // namespace runagents::cli
