#include "cli/command.hpp"

#include "cli/groups.hpp"

namespace runagents::cli {

Flag config_flag(std::string& target) {
  return {.name = "config",
          .letter = 'c',
          .value = "FILE",
          .summary = "the project file",
          .binding = &target,
          .choices = {},
          .default_text = "RUNAGENTS_CONFIG, or the nearest runagents.toml upwards"};
}

Flag switch_flag(std::string name, std::string summary, bool& target) {
  return {.name = std::move(name),
          .value = {},
          .summary = std::move(summary),
          .binding = &target,
          .choices = {},
          .default_text = {}};
}

Command command_tree() {
  return {.name = "runagents",
          .summary = "runs AI agents that hold no credentials and make no call that you did not allow",
          .description =
              "Starts an agent behind a loopback proxy that identifies the tool behind every call, checks "
              "policy and\ncapabilities, asks a person where policy says so, injects the credential, and "
              "records the decision.",
          .commands = {run_command(),         exec_command(),           init_command(),
                       demo_command(),        config_command(),         tools_command(),
                       policies_command(),    approvals_command(),      consents_command(),
                       secrets_command(),     runs_command(),           accounts_command(),
                       delegations_command(), session_grants_command(), servers_command(),
                       mcp_command(),         users_command(),          api_keys_command(),
                       token_command(),       audit_command(),          identity_providers_command(),
                       apply_command(),       export_command(),         login_command(),
                       logout_command(),      whoami_command(),         context_command(),
                       server_command(),      doctor_command()}};
}

}  // namespace runagents::cli
