#include "core/model/project.hpp"

#include <algorithm>

namespace runagents::model {

const Tool* Project::tool(std::string_view name) const noexcept {
  const auto found = std::ranges::find(tools, name, &Tool::name);
  return found == tools.end() ? nullptr : &*found;
}

const Provider* Project::provider(std::string_view name) const noexcept {
  const auto found = std::ranges::find(providers, name, &Provider::name);
  return found == providers.end() ? nullptr : &*found;
}

std::string Project::agent_identity() const { return "spiffe://" + trust_domain + "/agent/" + agent.name; }

Project with_providers_as_tools(Project project) {
  for (const auto& provider : project.providers) project.tools.push_back(provider.upstream);
  return project;
}

}  // namespace runagents::model
