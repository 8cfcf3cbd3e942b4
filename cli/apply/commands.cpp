#include "cli/apply/commands.hpp"

#include <memory>

#include "cli/groups.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {

std::vector<Flag> apply_flags(ApplyOptions& options) {
  return {{.name = "file",
           .letter = 'f',
           .value = "FILE",
           .summary = "JSON, YAML or runagents.toml; - is standard input; may be repeated",
           .binding = &options.files,
           .means = Means::file},
          {.name = "name",
           .value = "NAME",
           .summary = "of the only document, where it does not say it",
           .binding = &options.name},
          dry_run_flag(options.dry_run)};
}

Command apply_command() {
  auto options = std::make_shared<ApplyOptions>();
  auto flags = apply_flags(*options);
  flags.push_back({.name = "kind",
                   .value = "KIND",
                   .summary = "of documents that do not say it",
                   .binding = &options->kind,
                   .means = Means::resource_kind});
  flags.push_back({.name = "secret-dir",
                   .value = "DIR",
                   .summary = "where the secrets of new agent accounts go, one file for each",
                   .binding = &options->secret_directory,
                   .choices = {},
                   .default_text = "the encrypted store",
                   .means = Means::directory});
  flags.push_back(
      switch_flag("send-secrets", "send the secrets of servers that have one, too", options->sends_secrets));
  return {
      .name = "apply",
      .summary = "make a control plane be as manifests say",
      .description =
          "Manifests are JSON or YAML, {apiVersion, kind, metadata: {name}, spec}, of the kinds IdentityProvider, "
          "User, AgentAccount,\nTool, ModelProvider, Agent, Server, Policy and Delegation; runagents export writes "
          "them. Of a project file its policies and\nidentity providers are applied. Says what was created, changed "
          "or left; --dry-run shows the differences only. What no\nmanifest names stays. The secret of a Server is a "
          "reference (env:NAME), sent when the server has none.",
      .examples = {{"runagents apply -f team.yaml --dry-run", "what would change"},
                   {"runagents apply -f runagents.toml --context prod", "a project's policies, for a server"}},
      .flags = std::move(flags),
      .prints_objects = true,
      .run = [options](Context& context) { return apply(*options, context); }};
}

Command apply_kind_command(std::string verb, std::string summary, std::string kind, bool only_new,
                           std::vector<Example> examples) {
  auto options = std::make_shared<ApplyOptions>();
  return {.name = std::move(verb),
          .summary = std::move(summary),
          .description = "The file has {name, spec}, a specification alone with --name, or a whole manifest.",
          .examples = std::move(examples),
          .flags = apply_flags(*options),
          .prints_objects = true,
          .run = [options, kind = std::move(kind), only_new](Context& context) {
            options->kind = kind;
            options->only_new = only_new;
            return apply(*options, context);
          }};
}

}  // namespace runagents::cli
