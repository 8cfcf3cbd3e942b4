#include "cli/apply/commands.hpp"
#include "cli/configured_commands.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A project has one.
std::vector<Json> read(const model::Project& project) {
  const auto& agent = project.agent;
  Json object = {{"name", agent.name},       {"identity", project.agent_identity()},
                 {"command", agent.command}, {"system_prompt", agent.system_prompt},
                 {"tools", agent.tools},     {"account", agent.account},
                 {"env", agent.environment}};
  object["models"] = Json::array();
  for (const auto& model : project.models) object["models"].push_back(model.role + "=" + model.model);
  return {std::move(object)};
}

const ConfiguredKind& configured() {
  static const ConfiguredKind kind{.kept = agent_kind,
                                   .columns = {{"NAME", "name"},
                                               {.title = "COMMAND", .member = "command", .shrinks = true},
                                               {.title = "TOOLS", .member = "tools", .shrinks = true},
                                               {.title = "MODELS", .member = "models", .shrinks = true},
                                               {"ACCOUNT", "account"}},
                                   .when_empty = "no agents",
                                   .read = read};
  return kind;
}

}  // namespace

Command agents_command() {
  return {
      .name = "agents",
      .summary = "what agents are: their command or image, tools and models",
      .description =
          "A project file configures one agent, which runagents run starts. A server keeps documents about agents, "
          "in their published\nshape, for whoever deploys them.",
      .commands = {
          list_configured_command(configured(), "list agents",
                                  {{"runagents agents list", "the project's, or all of the server"}}),
          get_configured_command(configured(), "show an agent", {{"runagents agents get billing-agent", "by name"}}),
          apply_kind_command("apply", "register agents, or change them", "Agent", false,
                             {{"runagents agents apply -f agent.yaml",
                               "{name: billing-agent, spec: {image: billing:1, requiredTools: [{name: stripe}]}}"},
                              {"runagents agents apply -f agent.yaml --dry-run", "what would change"}}),
          act_on_objects_command(
              agent_kind(), {.verb = "delete", .done = "deleted", .summary = "forget agents of a server", .asks = true},
              {{"runagents agents delete billing-agent --yes", "its runs stay"}})}};
}

}  // namespace runagents::cli
