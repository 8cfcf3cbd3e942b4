#include <memory>

#include "cli/accounts/accounts.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/secrets/secret_once.hpp"

namespace runagents::cli {
namespace {

Flag store_flag(bool& target) {
  return switch_flag("store", "keep the secret in the encrypted store of this machine, for --account", target);
}

Command remember_command() {
  auto options = std::make_shared<AccountRemember>();
  return {.name = "remember",
          .summary = "keep the secret of an agent account in the encrypted store of this machine",
          .description = "token, exec and mcp then take it by --account, and run by [agent].account.",
          .examples = {{"runagents accounts remember billing-bot --client-id client_123 --client-secret env:SECRET",
                        "- asks for it, or takes it from a pipe"}},
          .arguments = {{.name = "NAME",
                         .summary = "the name of the account",
                         .binding = &options->name,
                         .means = Means::account}},
          .flags = {{.name = "client-id", .value = "ID", .summary = "of the account", .binding = &options->client_id},
                    {.name = "client-secret",
                     .value = "REF",
                     .summary = "where its secret is found now",
                     .binding = &options->client_secret,
                     .choices = {},
                     .default_text = "-, standard input"},
                    switch_flag("dry-run", "read the secret and store nothing", options->dry_run)},
          .run = [options](Context& context) { return remember_account(*options, context); }};
}

Command create_command() {
  auto options = std::make_shared<AccountCreate>();
  return {
      .name = "create",
      .summary = "make an agent account",
      .description = "The client secret is shown this once, or goes into a file.",
      .examples = {{"runagents accounts create billing-bot --secret-file billing-bot.secret",
                    "the secret is never on the screen"}},
      .arguments = {{.name = "NAME", .summary = "what it is called", .binding = &options->name}},
      .flags = {{.name = "description", .value = "TEXT", .summary = "what it is for", .binding = &options->description},
                secret_file_flag(options->secret_file),
                store_flag(options->store),
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return create_account(*options, context); }};
}

Command update_command() {
  auto options = std::make_shared<AccountUpdate>();
  return {
      .name = "update",
      .summary = "change the name or description of an agent account",
      .examples = {{"runagents accounts update billing-bot --description 'reconciles invoices'",
                    "what is not named stays"}},
      .arguments = {{.name = "NAME", .summary = "its name or id", .binding = &options->name, .means = Means::account}},
      .flags = {{.name = "name", .value = "NAME", .summary = "another name", .binding = &options->new_name},
                {.name = "description", .value = "TEXT", .summary = "what it is for", .binding = &options->description},
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return update_account(*options, context); }};
}

Command rotate_command() {
  auto options = std::make_shared<AccountRotate>();
  return {
      .name = "rotate-secret",
      .summary = "give an agent account another client secret",
      .description =
          "The present secret stops working at once, or after --grace. Tokens that were issued live on until they "
          "expire.",
      .examples = {{"runagents accounts rotate-secret billing-bot --grace 10m --secret-file billing-bot.secret",
                    "time to hand the new one out"}},
      .arguments = {{.name = "NAME", .summary = "its name or id", .binding = &options->name, .means = Means::account}},
      .flags = {{.name = "grace",
                 .value = "TIME",
                 .summary = "how long the present secret goes on working",
                 .binding = &options->grace,
                 .choices = {},
                 .default_text = "not at all"},
                secret_file_flag(options->secret_file),
                store_flag(options->store),
                yes_flag(options->yes),
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return rotate_account_secret(*options, context); }};
}

}  // namespace

Command accounts_command() {
  const auto& kind = account_kind();
  return {
      .name = "accounts",
      .summary = "identities of agents at a control plane",
      .commands = {
          list_objects_command(kind, "list agent accounts", {}, {{"runagents accounts list", "all that you may see"}}),
          get_object_command(kind, "show an agent account",
                             {{"runagents accounts get billing-bot", "by name, or by id"}}),
          create_command(), update_command(), rotate_command(), remember_command(),
          act_on_objects_command(kind,
                                 {.verb = "deactivate",
                                  .done = "deactivated",
                                  .summary = "stop agent accounts from getting and using tokens",
                                  .is_active = false,
                                  .asks = true,
                                  .question_end = ", whose tokens stop working"},
                                 {{"runagents accounts deactivate billing-bot --yes", "until it is reactivated"}}),
          act_on_objects_command(kind,
                                 {.verb = "reactivate",
                                  .done = "reactivated",
                                  .summary = "let agent accounts work again",
                                  .is_active = true},
                                 {{"runagents accounts reactivate billing-bot", "with the secret that it had"}}),
          act_on_objects_command(kind,
                                 {.verb = "delete",
                                  .done = "deleted",
                                  .summary = "delete agent accounts",
                                  .asks = true,
                                  .question_end = ", with its delegations and session grants"},
                                 {{"runagents accounts delete billing-bot --yes", "cannot be undone"}})}};
}

}  // namespace runagents::cli
