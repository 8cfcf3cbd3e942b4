#include "runner/preflight.hpp"

#include "runner/egress/credentials.hpp"

namespace runagents {
namespace {

Result<void> check(const model::Tool& tool) {
  const auto name = "the tool \"" + tool.name + "\"";
  const std::string hint = "leave it out of [agent].tools, or register it differently";
  if (tool.kind != model::ToolKind::http) {
    return fail(
        ErrorCode::configuration,
        name + " is of kind " + std::string{word(tool.kind)} + ", and this version serves tools of kind http only",
        hint);
  }
  if (!egress::Credentials::supports(tool.auth.type)) {
    return fail(ErrorCode::configuration,
                name + " wants a credential of type " + std::string{word(tool.auth.type)} +
                    ", which this version cannot inject",
                hint);
  }
  return {};
}

}  // namespace

Result<void> check_supported(const model::Project& project) {
  for (const auto& name : project.agent.tools) {
    const auto* tool = project.tool(name);
    if (tool == nullptr) {
      return fail(ErrorCode::configuration, "the agent uses a tool \"" + name + "\" that does not exist");
    }
    if (auto supported = check(*tool); !supported) return supported;
  }
  return {};
}

}  // namespace runagents
