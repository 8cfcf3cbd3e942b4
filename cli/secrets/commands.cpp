#include <memory>

#include "cli/groups.hpp"
#include "cli/secrets/secrets.hpp"

namespace runagents::cli {
namespace {

Command set_command() {
  auto options = std::make_shared<SecretsSet>();
  return {.name = "set",
          .summary = "store a secret, or another value for it",
          .description =
              "Asks for the value without showing it, or takes it from a pipe:\n\n    printf %s \"$VALUE\" | "
              "runagents secrets set NAME\n\nThe project file then says secret = \"store:NAME\".",
          .examples = {{"runagents secrets set stripe-live", "asks for the value"}},
          .arguments = {{.name = "NAME",
                         .summary = "lower-case letters, digits, \"-\", \"_\", \".\"",
                         .binding = &options->name}},
          .flags = {switch_flag("dry-run", "read the value and store nothing", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return set_secret(*options, context); }};
}

Command list_command() {
  return {.name = "list",
          .summary = "list the names of all secrets",
          .examples = {{"runagents secrets list -o name", "for a script"}},
          .prints_objects = true,
          .run = [](Context& context) { return list_secrets(context); }};
}

Command get_command() {
  auto options = std::make_shared<SecretsGet>();
  return {.name = "get",
          .summary = "show what is known of a secret",
          .examples = {{"runagents secrets get stripe-live", "when it was set"},
                       {"runagents secrets get stripe-live --reveal", "its value, and nothing else"}},
          .arguments = {{.name = "NAME", .summary = "the secret", .binding = &options->name, .means = Means::secret}},
          .flags = {switch_flag("reveal", "print the value", options->reveal)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_secret(*options, context); }};
}

Command delete_command() {
  auto options = std::make_shared<SecretsDelete>();
  return {.name = "delete",
          .summary = "delete secrets",
          .examples = {{"runagents secrets delete stripe-test --yes", "tools that refer to it lose their credential"}},
          .arguments = {{.name = "NAME", .summary = "the secrets", .binding = &options->names, .means = Means::secret}},
          .flags = {{.name = "yes", .letter = 'y', .summary = "do not ask", .binding = &options->yes},
                    switch_flag("dry-run", "show what would be deleted", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return delete_secrets(*options, context); }};
}

Command rotate_key_command() {
  auto dry_run = std::make_shared<bool>(false);
  return {.name = "rotate-key",
          .summary = "seal everything in the store under a new key",
          .description =
              "Runs that are under way go on. Copies of the store that were made before need the old key, which "
              "is gone afterwards.",
          .examples = {{"runagents secrets rotate-key", "after somebody may have read the key file"}},
          .flags = {switch_flag("dry-run", "change nothing", *dry_run)},
          .prints_objects = true,
          .run = [dry_run](Context& context) { return rotate_store_key(*dry_run, context); }};
}

}  // namespace

Command secrets_command() {
  return {.name = "secrets",
          .summary = "keep credentials in the encrypted store",
          .commands = {set_command(), list_command(), get_command(), delete_command(), rotate_key_command()}};
}

}  // namespace runagents::cli
