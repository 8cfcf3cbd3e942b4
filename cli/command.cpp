#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/groups.hpp"

namespace runagents::cli {
namespace {

struct Entry {
  std::string_view name;
  Command (*make)();
};

constexpr std::array entries = {
    Entry{"run", &run_command},
    Entry{"exec", &exec_command},
    Entry{"init", &init_command},
    Entry{"demo", &demo_command},
    Entry{"config", &config_command},
    Entry{"tools", &tools_command},
    Entry{"agents", &agents_command},
    Entry{"models", &models_command},
    Entry{"policies", &policies_command},
    Entry{"approvals", &approvals_command},
    Entry{"consents", &consents_command},
    Entry{"secrets", &secrets_command},
    Entry{"runs", &runs_command},
    Entry{"accounts", &accounts_command},
    Entry{"delegations", &delegations_command},
    Entry{"grants", &session_grants_command},
    Entry{"servers", &servers_command},
    Entry{"mcp", &mcp_command},
    Entry{"users", &users_command},
    Entry{"api-keys", &api_keys_command},
    Entry{"signing-keys", &signing_keys_command},
    Entry{"token", &token_command},
    Entry{"audit", &audit_command},
    Entry{"identity-providers", &identity_providers_command},
    Entry{"apply", &apply_command},
    Entry{"export", &export_command},
    Entry{"login", &login_command},
    Entry{"logout", &logout_command},
    Entry{"whoami", &whoami_command},
    Entry{"context", &context_command},
    Entry{"server", &server_command},
    Entry{"doctor", &doctor_command},
    Entry{"completion", &completion_command},
    Entry{"__complete", &complete_command},
};

}  // namespace

Flag config_flag(std::string& target) {
  return {.name = "config",
          .letter = 'c',
          .value = "FILE",
          .summary = "the project file",
          .binding = &target,
          .choices = {},
          .default_text = "RUNAGENTS_CONFIG, or the nearest runagents.toml upwards",
          .means = Means::file};
}

std::vector<std::string> usual_methods() { return {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"}; }

Flag only_of_agent(std::string& target) {
  return {.name = "agent",
          .value = "NAME",
          .summary = "only those of this agent",
          .binding = &target,
          .choices = {},
          .default_text = {},
          .means = Means::agent};
}

Flag only_of_run(std::string& target) {
  return {.name = "run",
          .value = "ID",
          .summary = "only those of this run",
          .binding = &target,
          .choices = {},
          .default_text = {},
          .means = Means::run};
}

Flag only_of_user(std::string& target) {
  return {.name = "user",
          .value = "USER",
          .summary = "only those for this end user",
          .binding = &target,
          .choices = {},
          .default_text = {},
          .means = Means::user};
}

Flag limit_flag(std::uint32_t& target) {
  return {.name = "limit",
          .value = "N",
          .summary = "at most so many; 0: all",
          .binding = &target,
          .choices = {},
          .default_text = "50"};
}

Flag stop_after(std::chrono::seconds& target) {
  return {.name = "timeout",
          .value = "TIME",
          .summary = "stop after this long",
          .binding = &target,
          .choices = {},
          .default_text = {}};
}

Flag switch_flag(std::string name, std::string summary, bool& target) {
  return {.name = std::move(name),
          .value = {},
          .summary = std::move(summary),
          .binding = &target,
          .choices = {},
          .default_text = {}};
}

Command command_tree(std::string_view first_word) {
  const auto* one = std::ranges::find(entries, first_word, &Entry::name);
  std::vector<Command> commands;
  if (one != entries.end()) {
    commands.push_back(one->make());
  } else {
    for (const auto& entry : entries) commands.push_back(entry.make());
  }
  return {.name = "runagents",
          .summary = "runs AI agents that hold no credentials and make no call that you did not allow",
          .description =
              "Starts an agent behind a loopback proxy that identifies the tool behind every call, checks "
              "policy and\ncapabilities, asks a person where policy says so, injects the credential, and "
              "records the decision.",
          .commands = std::move(commands)};
}

}  // namespace runagents::cli
