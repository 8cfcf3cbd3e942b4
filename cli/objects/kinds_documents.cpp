#include "cli/objects/kinds.hpp"

namespace runagents::cli {

const ObjectKind& agent_kind() {
  static const ObjectKind kind{.what = "agent",
                               .path = "/agents",
                               .columns = {{"NAME", "name"},
                                           {.title = "IMAGE", .member = "/spec/image", .shrinks = true},
                                           {"MODEL", "/spec/llmConfig/model"},
                                           {.title = "TOOLS", .member = "/spec/requiredTools", .shrinks = true},
                                           {"VERSION", "version"},
                                           {"CHANGED", "updated_at", Shown::time}},
                               .names = {"name"},
                               .when_empty = "no agents (runagents agents apply -f FILE registers one)",
                               .is_configured = true,
                               .means = Means::agent};
  return kind;
}

const ObjectKind& tool_kind() {
  static const ObjectKind kind{.what = "tool",
                               .path = "/tools",
                               .columns = {{"NAME", "name"},
                                           {.title = "BASE URL", .member = "/spec/connection/baseUrl", .shrinks = true},
                                           {"CREDENTIAL", "/spec/connection/authentication/type"},
                                           {"ACCESS", "/spec/governance/accessControl/mode"},
                                           {.title = "CAPABILITIES", .member = "/spec/capabilities", .shrinks = true},
                                           {.title = "RISK TAGS", .member = "/spec/riskTags", .shrinks = true},
                                           {"CHANGED", "updated_at", Shown::time}},
                               .names = {"name"},
                               .when_empty = "no tools (runagents tools apply -f FILE registers one)",
                               .is_configured = true,
                               .means = Means::tool};
  return kind;
}

const ObjectKind& model_provider_kind() {
  static const ObjectKind kind{.what = "model provider",
                               .path = "/model-providers",
                               .columns = {{"NAME", "name"},
                                           {"PROVIDER", "/spec/provider"},
                                           {.title = "ENDPOINT", .member = "/spec/endpoint", .shrinks = true},
                                           {.title = "MODELS", .member = "/spec/models", .shrinks = true},
                                           {"CREDENTIAL", "/spec/auth/type"},
                                           {"CHANGED", "updated_at", Shown::time}},
                               .names = {"name"},
                               .when_empty = "no model providers (runagents models apply -f FILE registers one)",
                               .is_configured = true,
                               .means = Means::provider};
  return kind;
}

}  // namespace runagents::cli
