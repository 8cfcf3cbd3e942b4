#include <nlohmann/json.hpp>

#include "runner/fencing.hpp"
#include "runner/preflight.hpp"
#include "runner/run.hpp"
#include "runner/running.hpp"

namespace runagents {
namespace {

using Json = nlohmann::ordered_json;

/// What kind it is, and where it comes from.
std::string credential_of(const model::Auth& auth) {
  std::string text{word(auth.type)};
  if (auth.secret) text += " " + auth.secret->to_string();
  if (!auth.profile.empty()) text += " profile " + auth.profile;
  for (const auto grant : auth.grants) text.append(" ").append(word(grant));
  return text;
}

Json describe(const model::Tool& tool) {
  Json capabilities = Json::array();
  for (const auto& one : tool.capabilities) capabilities.push_back(one.method + " " + one.path);
  Json json{{"name", tool.name}, {"base_url", tool.base_url.to_string()}};
  json["credential"] = credential_of(tool.auth);
  json["capabilities"] = std::move(capabilities);
  return json;
}

Json describe(const model::Provider& provider) {
  Json json{
      {"name", provider.name}, {"type", word(provider.type)}, {"base_url", provider.upstream.base_url.to_string()}};
  json["credential"] = credential_of(provider.upstream.auth);
  json["models"] = provider.models;
  return json;
}

Json describe(const model::Policy& policy) {
  Json rules = Json::array();
  for (const auto& rule : policy.rules) {
    Json json{{"permission", word(rule.permission)}};
    if (!rule.resource.empty()) json["resource"] = rule.resource;
    if (!rule.tool.empty()) json["tool"] = rule.tool;
    if (!rule.operations.empty()) json["operations"] = rule.operations;
    if (!rule.tags.empty()) json["tags"] = rule.tags;
    if (!rule.users.empty()) json["users"] = rule.users;
    if (!rule.groups.empty()) json["groups"] = rule.groups;
    rules.push_back(std::move(json));
  }
  return {{"name", policy.name}, {"subjects", policy.subjects}, {"rules", std::move(rules)}};
}

}  // namespace

Result<std::string> dry_run(const RunOptions& options) {
  if (auto supported = check_supported(options.project); !supported) return std::unexpected(supported.error());
  const policy::Evaluator evaluator{options.project};
  const auto environment = future_environment(options, evaluator);
  if (!environment) return std::unexpected(environment.error());
  Json injected = Json::object();
  for (const auto& name : environment->injected) injected[name] = environment->variables.at(name);
  Json added = Json::object();
  for (const auto& [name, value] : options.project.agent.environment) added[name] = value;
  for (const auto& [name, value] : options.environment) added[name] = value;
  Json tools = Json::array();
  for (const auto* tool : evaluator.tools()) tools.push_back(describe(*tool));
  Json providers = Json::array();
  for (const auto& provider : options.project.providers) providers.push_back(describe(provider));
  Json policies = Json::array();
  for (const auto& policy : options.project.policies) policies.push_back(describe(policy));
  Json fence;
  if (options.isolation == Isolation::strict) {
    const auto view = view_for(options);
    if (!view) return std::unexpected(view.error());
    fence = {{"covered", view->covered}, {"exposed", view->exposed}, {"read_only", view->read_only}};
  }
  const Json json{{"agent", options.project.agent.name},
                  {"agent_identity", options.project.agent_identity()},
                  {"command", options.project.agent.command},
                  {"end_user", options.end_user},
                  {"isolation", word(options.isolation)},
                  {"observe", options.observe},
                  {"fence", fence},
                  {"environment", {{"injected", injected}, {"added", added}, {"removed", environment->removed}}},
                  {"tools", tools},
                  {"providers", providers},
                  {"policies", policies}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace runagents
