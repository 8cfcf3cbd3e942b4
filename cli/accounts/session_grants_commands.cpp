#include <memory>

#include "cli/accounts/session_grants.hpp"
#include "cli/groups.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

std::vector<Argument> pair_arguments(GrantOf& of) {
  return {
      {.name = "ACCOUNT",
       .summary = "the agent account, by name or id",
       .binding = &of.account,
       .means = Means::account},
      {.name = "SERVER", .summary = "the MCP server, by name or id", .binding = &of.server, .means = Means::server}};
}

Flag user_flag(std::string& target, std::string summary) {
  return {.name = "user", .value = "USER", .summary = std::move(summary), .binding = &target, .means = Means::user};
}

Command list_command() {
  auto options = std::make_shared<SessionGrantsList>();
  return {.name = "list",
          .summary = "list your session grants to an agent account, and the shared ones",
          .examples = {{"runagents grants list support-bot --server slack", "on one server"}},
          .arguments = {{.name = "ACCOUNT",
                         .summary = "the agent account",
                         .binding = &options->of.account,
                         .means = Means::account}},
          .flags = {{.name = "server",
                     .value = "NAME",
                     .summary = "on this server only",
                     .binding = &options->of.server,
                     .means = Means::server},
                    switch_flag("all", "those that are revoked, too", options->all)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_session_grants(*options, context); }};
}

Command create_command() {
  auto options = std::make_shared<SessionGrantCreate>();
  return {.name = "create",
          .summary = "let an agent account use your session on a server",
          .description = "You must have connected to the server before (runagents servers connect).",
          .examples = {{"runagents grants create support-bot slack", "for calls on your behalf only"}},
          .arguments = pair_arguments(options->of),
          .flags = {switch_flag("shared", "for everybody for whom the account acts", options->shared),
                    user_flag(options->user, "the grantor, where that is not you"), yes_flag(options->yes),
                    dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return create_session_grant(*options, context); }};
}

Command share_command(bool shared) {
  auto options = std::make_shared<SessionGrantShare>();
  options->shared = shared;
  return {
      .name = shared ? "share" : "unshare",
      .summary = shared ? "let an agent account use your session for everybody for whom it acts"
                        : "let an agent account use your session on your behalf only",
      .description =
          shared ? "There is one shared grant of an account and a server: every other grantor's is revoked, which is "
                   "why it asks.\nDone twice, it changes nothing the second time; when somebody else "
                   "changes the grant at the same time, it ends with 7."
                 : "Done twice, it changes nothing the second time. Grants that sharing had revoked stay "
                   "revoked.",
      .examples = {shared ? Example{"runagents grants share support-bot slack --yes", "whoever has no grant uses yours"}
                          : Example{"runagents grants unshare support-bot slack", "yours alone again"}},
      .arguments = pair_arguments(options->of),
      .flags = {yes_flag(options->yes), dry_run_flag(options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return share_session_grant(*options, context); }};
}

Command toggle_command() {
  auto options = std::make_shared<SessionGrantShare>();
  return {.name = "toggle",
          .summary = "make your shared grant personal, or the other way round",
          .description =
              "Done twice, everything is as before, but for what sharing revoked. Scripts want share or unshare.",
          .examples = {{"runagents grants toggle support-bot slack --yes", "the answer says what it is now"}},
          .arguments = pair_arguments(options->of),
          .flags = {yes_flag(options->yes), dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return toggle_session_grant(*options, context); }};
}

Command ensure_command() {
  auto options = std::make_shared<SessionGrantCreate>();
  return {.name = "ensure",
          .summary = "make your grant unless there is one",
          .examples = {{"runagents grants ensure support-bot slack --personal", "for a script that may run again"}},
          .arguments = pair_arguments(options->of),
          .flags = {switch_flag("shared", "and let it be shared", options->shared),
                    switch_flag("personal", "and let it be personal", options->personal), yes_flag(options->yes),
                    dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return ensure_session_grant(*options, context); }};
}

Command revoke_command() {
  auto options = std::make_shared<SessionGrantsRevoke>();
  return {.name = "revoke",
          .summary = "take session grants back",
          .description =
              "Delegations stay: tokens are still issued, and calls to the server fail until there is another grant.",
          .examples = {{"runagents grants revoke --account support-bot --server slack --yes", "your own grant"},
                       {"runagents grants revoke 0d0f2f0c-66d1-4c8d-9a55-0a1f3c1b2e4d --yes", "by id"}},
          .arguments = {{.name = "ID", .summary = "the grants", .binding = &options->ids, .required = false}},
          .flags = {{.name = "account",
                     .value = "NAME",
                     .summary = "your grant to this agent account",
                     .binding = &options->of.account,
                     .means = Means::account},
                    {.name = "server",
                     .value = "NAME",
                     .summary = "on this server",
                     .binding = &options->of.server,
                     .means = Means::server},
                    yes_flag(options->yes),
                    dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return revoke_session_grants(*options, context); }};
}

Command why_command() {
  auto options = std::make_shared<SessionGrantWhy>();
  return {
      .name = "why",
      .summary = "say whose session a call of an agent account would use",
      .description =
          "Goes through what the server goes through, as far as you can see it. Ends with 4 without a delegation, and "
          "with 5 without a\ncredential.",
      .examples = {{"runagents grants why support-bot slack --user bob@example.com", "on Bob's behalf"}},
      .arguments = pair_arguments(options->of),
      .flags = {user_flag(options->user, "for whom the account acts (default: nobody)")},
      .prints_objects = true,
      .run = [options](Context& context) { return explain_session_grant(*options, context); }};
}

}  // namespace

Command session_grants_command() {
  return {.name = "grants",
          .summary = "whose sessions on servers agent accounts may use",
          .commands = {list_command(), create_command(), share_command(true), share_command(false), toggle_command(),
                       ensure_command(), revoke_command(), why_command()}};
}

}  // namespace runagents::cli
