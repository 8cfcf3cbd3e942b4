#pragma once

#include <string>

#include "core/config/section.hpp"
#include "core/model/project.hpp"

/// The sections of a project file. Each has a table of keys in its own file: `read_X` reads by it, `list_X_keys` lists
/// it.
namespace runagents::config {

void read_root(const Value& table, model::Project& project);
void list_root_keys(const std::string& prefix, Names& names);

/// [agent]
void read_agent(const Value& table, model::Agent& agent);
void list_agent_keys(const std::string& prefix, Names& names);

/// [ingress]
void read_ingress(const Value& table, model::Project& project);
void list_ingress_keys(const std::string& prefix, Names& names);

/// `limits` of a tool.
void read_limits(const Value& table, model::Limits& limits);
void list_limits_keys(const std::string& prefix, Names& names);
/// `limits` of an agent or a provider: those, and tokens and money.
void read_model_limits(const Value& table, model::Limits& limits);
void list_model_limits_keys(const std::string& prefix, Names& names);

/// [tools.NAME]
void read_tool(const Value& table, model::Tool& tool);
void list_tool_keys(const std::string& prefix, Names& names);
/// What can be said only of all tools together: two that would share a variable or a target. `table` is [tools].
void check_tools(const Value& table, const model::Project& project);

/// One of a tool's `capabilities`.
void read_capability(const Value& table, model::Capability& capability);
void list_capability_keys(const std::string& prefix, Names& names);
/// What can be said of capabilities only when the rest of their tool is known. `table` is [tools.NAME].
void check_capabilities(const Value& table, const model::Tool& tool);

/// `auth` of a tool.
void read_auth(const Value& table, model::Auth& auth);
void list_auth_keys(const std::string& prefix, Names& names);

/// A secret reference. The text is never repeated: a literal secret may stand there.
void read_secret(const Value& value, std::optional<model::SecretReference>& secret);

/// [policies.NAME]
void read_policy(const Value& table, model::Policy& policy);
void list_policy_keys(const std::string& prefix, Names& names);

/// One of a policy's `rules`.
void read_rule(const Value& table, model::Rule& rule);

/// `subjects` of a policy.
void read_subjects(const Value& value, model::Policy& policy);

/// One of a rule's `arguments`.
void read_argument_condition(const Value& table, model::ArgumentCondition& condition);
void list_argument_condition_keys(const std::string& prefix, Names& names);

/// One of a policy's `approvals`.
void read_approval_rule(const Value& table, model::ApprovalRule& rule);
void read_approval_duration(const Value& value, model::ApprovalRule& rule);
void list_approval_rule_keys(const std::string& prefix, Names& names);

/// `when` of a rule.
void read_condition(const Value& table, model::Condition& condition);
void list_condition_keys(const std::string& prefix, Names& names);

/// [models.ROLE]
void read_model(const Value& table, model::Model& model);
void list_model_keys(const std::string& prefix, Names& names);

/// Two roles that would share a variable. `table` is [models].
void check_roles(const Value& table, const model::Project& project);

/// [providers.NAME]
void read_provider(const Value& table, model::Provider& provider);
void list_provider_keys(const std::string& prefix, Names& names);
/// What can be said of providers only when the rest is known: names that are tools', too, and models without a price
/// that a budget would have to count. `table` is [providers].
void check_providers(const Value& table, const model::Project& project);

/// [identity_providers.NAME]
void read_identity_provider(const Value& table, model::IdentityProvider& provider);
void list_identity_provider_keys(const std::string& prefix, Names& names);
/// Two providers that a token could not tell apart. `table` is [identity_providers].
void check_identity_providers(const Value& table, const model::Project& project);

}  // namespace runagents::config
