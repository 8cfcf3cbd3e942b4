#include <memory>

#include "cli/accounts/delegations.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

Argument account_argument(std::string& target) {
  return {
      .name = "ACCOUNT", .summary = "the agent account, by name or id", .binding = &target, .means = Means::account};
}

Command list_command() {
  auto options = std::make_shared<DelegationsList>();
  return {.name = "list",
          .summary = "list who has delegated to an agent account",
          .examples = {{"runagents delegations list billing-bot", "the active ones"}},
          .arguments = {account_argument(options->account)},
          .flags = {{.name = "email",
                     .value = "ADDRESS",
                     .summary = "of this user only",
                     .binding = &options->email,
                     .means = Means::user},
                    switch_flag("all", "those that are over, too", options->all)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_delegations(*options, context); }};
}

Command create_command() {
  auto options = std::make_shared<DelegationCreate>();
  return {
      .name = "create",
      .summary = "let an agent account act for a user",
      .description = "The user is the one whose credential it is; an administrator may name another one.",
      .examples = {{"runagents delegations create billing-bot --expires 30d", "for yourself, for a month"},
                   {"runagents delegations create billing-bot --user ada@example.com --server github",
                    "as an administrator, for one server"}},
      .arguments = {account_argument(options->account)},
      .flags = {{.name = "user",
                 .value = "USER",
                 .summary = "e-mail address or id",
                 .binding = &options->user,
                 .means = Means::user},
                {.name = "expires", .value = "TIME", .summary = "how long it lasts", .binding = &options->expires_in},
                {.name = "expires-at",
                 .value = "TIME",
                 .summary = "when it ends (ISO 8601)",
                 .binding = &options->expires_at},
                {.name = "server",
                 .value = "NAME",
                 .summary = "for this server only; may be repeated",
                 .binding = &options->servers,
                 .means = Means::server},
                dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return create_delegation(*options, context); }};
}

Command find_command() {
  auto options = std::make_shared<DelegationFind>();
  return {.name = "find",
          .summary = "print the id of a user who has delegated",
          .examples = {{"runagents delegations find billing-bot --email ada@example.com",
                        "for runagents token obo --user"}},
          .arguments = {account_argument(options->account)},
          .flags = {{.name = "email",
                     .value = "ADDRESS",
                     .summary = "the user's address",
                     .binding = &options->email,
                     .means = Means::user}},
          .prints_objects = true,
          .run = [options](Context& context) -> Outcome {
            if (options->email.empty()) return fail(ErrorCode::usage, "say whose: --email ADDRESS");
            return find_delegation(*options, context);
          }};
}

Command export_list_command() {
  auto options = std::make_shared<DelegationsExport>();
  return {.name = "export",
          .summary = "print the active delegations of an agent account for another server or a table",
          .examples = {{"runagents delegations export billing-bot --format csv", "with a line of titles"}},
          .arguments = {account_argument(options->account)},
          .flags = {{.name = "format",
                     .value = "FORMAT",
                     .summary = "how",
                     .binding = &options->format,
                     .choices = {"jsonl", "csv"},
                     .default_text = "jsonl"}},
          .run = [options](Context& context) { return export_delegations(*options, context); }};
}

Command import_command() {
  auto options = std::make_shared<DelegationsImport>();
  return {
      .name = "import",
      .summary = "make the delegations of an exported file",
      .description =
          "Users are found by their e-mail addresses. Only an administrator may delegate for others; where a server "
          "does not let\nthem, --dry-run still shows what is missing.",
      .examples = {{"runagents delegations import billing-bot delegations.csv --dry-run", "see the difference"}},
      .arguments = {account_argument(options->account),
                    {.name = "FILE",
                     .summary = "as exported; - for standard input",
                     .binding = &options->file,
                     .means = Means::file}},
      .flags = {dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return import_delegations(*options, context); }};
}

}  // namespace

Command delegations_command() {
  const auto& kind = delegation_kind();
  return {
      .name = "delegations",
      .summary = "which agent accounts may act for which users",
      .commands = {list_command(),
                   get_object_command(kind, "show a delegation",
                                      {{"runagents delegations get 0d0f2f0c-66d1-4c8d-9a55-0a1f3c1b2e4d", "by id"}}),
                   create_command(),
                   act_on_objects_command(
                       kind,
                       {.verb = "revoke",
                        .done = "revoked",
                        .summary = "take delegations back",
                        .asks = true,
                        .description = "Tokens that were issued for it stop working at once. Session grants stay.",
                        .looks = LooksUp::never},
                       {{"runagents delegations revoke 0d0f2f0c-66d1-4c8d-9a55-0a1f3c1b2e4d --yes", "by id"}}),
                   find_command(), export_list_command(), import_command()}};
}

}  // namespace runagents::cli
