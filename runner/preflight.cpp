#include "runner/preflight.hpp"

#include "core/config/control.hpp"
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
  const auto& secret = tool.auth.secret;
  if (secret &&
      (secret->kind == model::SecretReference::Kind::store || secret->kind == model::SecretReference::Kind::keyring)) {
    return fail(
        ErrorCode::configuration,
        name + " wants the secret " + secret->to_string() + ", and this version reads env:, file: and exec: only",
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

Result<void> check_end_user(std::string_view end_user) {
  if (!config::has_control(end_user)) return {};
  return fail(ErrorCode::usage, "the end user's name holds a control character",
              "it becomes the value of a header: pass an id or an address");
}

}  // namespace runagents
