#include "cli/apply/commands.hpp"
#include "cli/configured_commands.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Where the credential comes from; null: there is none.
Json credential(const model::Auth& auth) {
  if (const auto references = auth.references(); !references.empty()) return references.front().to_string();
  return auth.type == model::AuthType::none ? Json{} : Json(model::word(auth.type));
}

/// The providers of the project, each with the roles for which the agent is told to use it.
std::vector<Json> read(const model::Project& project) {
  std::vector<Json> providers;
  for (const auto& provider : project.providers) {
    Json object = {{"name", provider.name},
                   {"type", model::word(provider.type)},
                   {"base_url", provider.upstream.base_url.to_string()},
                   {"secret", credential(provider.upstream.auth)},
                   {"models", provider.models},
                   {"roles", Json::array()}};
    for (const auto& model : project.models) {
      if (model.provider != provider.name) continue;
      object["roles"].push_back({{"name", model.role}, {"model", model.model}, {"fallbacks", model.fallbacks}});
    }
    providers.push_back(std::move(object));
  }
  return providers;
}

const ConfiguredKind& configured() {
  static const ConfiguredKind kind{.kept = model_provider_kind,
                                   .columns = {{"NAME", "name"},
                                               {"TYPE", "type"},
                                               {.title = "BASE URL", .member = "base_url", .shrinks = true},
                                               {.title = "MODELS", .member = "models", .shrinks = true},
                                               {.title = "ROLES", .member = "roles", .shrinks = true},
                                               {.title = "CREDENTIAL", .member = "secret", .shrinks = true}},
                                   .when_empty = "no model providers: runagents.toml has no [providers.NAME]",
                                   .read = read};
  return kind;
}

}  // namespace

Command models_command() {
  return {
      .name = "models",
      .summary = "who answers for which language models",
      .description =
          "A project file configures the providers of its own agent. A server keeps documents about providers, in "
          "their published\nshape, for its clients.",
      .commands = {
          list_configured_command(configured(), "list model providers",
                                  {{"runagents models list", "with their models"}}),
          get_configured_command(configured(), "show a model provider", {{"runagents models get openai", "by name"}}),
          apply_kind_command("apply", "register model providers, or change them", "ModelProvider", false,
                             {{"runagents models apply -f openai.yaml",
                               "{name: openai, spec: {provider: openai, models: [gpt-4o-mini]}}"}}),
          act_on_objects_command(
              model_provider_kind(),
              {.verb = "delete", .done = "deleted", .summary = "forget model providers of a server", .asks = true},
              {{"runagents models delete openai --yes", "by name"}})}};
}

}  // namespace runagents::cli
