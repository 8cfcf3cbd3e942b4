#include "core/model/project.hpp"

#include <algorithm>

namespace runagents::model {

const Tool* Project::tool(std::string_view name) const noexcept {
  const auto found = std::ranges::find(tools, name, &Tool::name);
  return found == tools.end() ? nullptr : &*found;
}

std::string Project::agent_identity() const { return "spiffe://" + trust_domain + "/agent/" + agent.name; }

}  // namespace runagents::model
