#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/policy/evaluator.hpp"
#include "core/policy/target.hpp"

// A rule names the selectors that it has; the others are absent, which is what a test is about.
#pragma clang diagnostic ignored "-Wmissing-designated-field-initializers"

/// Projects and rules in few words.
namespace sample {

using runagents::model::Capability;
using runagents::model::Permission;
using runagents::model::Policy;
using runagents::model::Project;
using runagents::model::Rule;
using runagents::model::Tool;

inline Tool tool(std::string name, std::string_view url, std::vector<Capability> capabilities = {},
                 std::vector<std::string> tags = {}) {
  const auto target = runagents::policy::parse_target(url);
  Tool tool;
  tool.name = std::move(name);
  tool.base_url = {.scheme = target.value().scheme,
                   .host = target->authority.host,
                   .port = target->authority.port,
                   .path = target->path == "/" ? "" : target->path};
  tool.capabilities = std::move(capabilities);
  tool.risk_tags = std::move(tags);
  return tool;
}

inline Capability capability(std::string name, std::string method, std::string path,
                             std::vector<std::string> tags = {}) {
  return {.name = std::move(name),
          .method = std::move(method),
          .path = std::move(path),
          .description = {},
          .risk_tags = std::move(tags)};
}

inline Policy policy(std::string name, std::vector<Rule> rules) {
  return {.name = std::move(name), .rules = std::move(rules), .approvals = {}, .subjects = {"agent:bot"}};
}

inline Project project(std::vector<Tool> tools, std::vector<Policy> policies) {
  Project project;
  project.agent.name = "bot";
  for (const auto& one : tools) project.agent.tools.push_back(one.name);
  project.tools = std::move(tools);
  project.policies = std::move(policies);
  return project;
}

/// Payments may be read, written after an approval, and never deleted.
inline Project payments() {
  return project(
      {tool("stripe", "https://api.stripe.com/",
            {capability("charges.list", "GET", "/v1/charges"), capability("charges.get", "GET", "/v1/charges/{id}"),
             capability("charges.create", "POST", "/v1/charges", {"financial"}),
             capability("anything", "DELETE", "/v1/*")}),
       tool("drive", "https://www.googleapis.com/drive/v3")},
      {policy("payments",
              {{.permission = Permission::allow, .tool = "stripe", .operations = {"GET"}},
               {.permission = Permission::approval_required, .operations = {"POST"}, .tags = {"financial"}},
               {.permission = Permission::deny, .resource = "https://api.stripe.com/*", .operations = {"DELETE"}}})});
}

inline constexpr std::chrono::sys_seconds noon =
    std::chrono::sys_days{std::chrono::year{2026} / 5 / 4} + std::chrono::hours{12};

inline runagents::policy::Decision decide(const runagents::policy::Evaluator& evaluator,
                                          const runagents::policy::Operation& operation) {
  return evaluator.decide(operation, evaluator.capability(operation));
}

}  // namespace sample
