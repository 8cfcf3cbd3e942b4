#include <iterator>
#include <memory>

#include "cli/accounts/token.hpp"
#include "cli/groups.hpp"
#include "cli/objects/object_commands.hpp"

namespace runagents::cli {
namespace {

Flag format_flag(std::string& target) {
  return {.name = "format",
          .value = "FORMAT",
          .summary = "how to print it",
          .binding = &target,
          .choices = {"raw", "json", "header", "env"},
          .default_text = "raw"};
}

std::vector<Flag> joined(std::vector<Flag> flags, std::vector<Flag> more) {
  flags.insert(flags.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return flags;
}

/// Flags of the subject that make sense for the account alone.
std::vector<Flag> target_flags(AgentTokenOptions& options) {
  auto flags = subject_flags(options);
  std::erase_if(flags, [](const Flag& flag) { return flag.name == "user" || flag.name == "user-token"; });
  return flags;
}

Argument token_argument(std::string& target) {
  return {.name = "REF",
          .summary = "where the token is found: env:, file:, store:, exec:; - is standard input (default)",
          .binding = &target,
          .required = false};
}

Command m2m_command() {
  auto options = std::make_shared<TokenOptions>();
  return {.name = "m2m",
          .summary = "print a token of an agent account alone",
          .description = "It comes from the cache that all processes of yours share, and is renewed before it ends.",
          .examples = {{"runagents token m2m --account billing-bot", "for curl --oauth2-bearer"},
                       {"runagents token m2m --format header", "the account of RUNAGENTS_AGENT_CLIENT_ID"}},
          .flags = joined(joined(client_flags(options->of), target_flags(options->of)), {format_flag(options->format)}),
          .run = [options](Context& context) { return print_agent_token(*options, context); }};
}

Command obo_command() {
  auto options = std::make_shared<TokenOptions>();
  return {
      .name = "obo",
      .summary = "print a token of an agent account on behalf of a user",
      .description =
          "The user must have delegated to the account. They are named by id, by e-mail address, or by a token of "
          "theirs.",
      .examples = {{"runagents token obo --account billing-bot --user ada@example.com", "by address"},
                   {"runagents token obo --user-token env:USER_TOKEN", "by a token of an identity provider"}},
      .flags = joined(joined(client_flags(options->of), subject_flags(options->of)), {format_flag(options->format)}),
      .run = [options](Context& context) -> Outcome {
        if (options->of.user.empty() && options->of.user_token.empty()) {
          if (context.environment("RUNLAYER_AGENT_SUBJECT_TOKEN")) {
            options->of.user_token = "env:RUNLAYER_AGENT_SUBJECT_TOKEN";
          } else {
            return fail(ErrorCode::usage, "say for whom: --user USER or --user-token REF");
          }
        }
        return print_agent_token(*options, context);
      }};
}

Command exchange_command() {
  auto options = std::make_shared<TokenExchangeOptions>();
  auto flags = joined(client_flags(options->of), subject_flags(options->of));
  std::erase_if(flags, [](const Flag& flag) { return flag.name == "user" || flag.name == "server"; });
  flags.push_back({.name = "agent-token",
                   .value = "REF",
                   .summary = "where the agent account's own token is found",
                   .binding = &options->agent_token,
                   .choices = {},
                   .default_text = "asked for as token m2m does"});
  flags.push_back(
      switch_flag("rfc-order", "the user's token is the subject, the agent's the actor", options->rfc_order));
  flags.push_back(format_flag(options->format));
  return {
      .name = "exchange",
      .summary = "exchange an agent account's token and a user's for one on behalf of the user (RFC 8693)",
      .examples = {{"runagents token exchange --user-token env:USER_TOKEN", "in two steps what token obo does in one"}},
      .flags = std::move(flags),
      .run = [options](Context& context) { return exchange_tokens(*options, context); }};
}

Command inspect_command() {
  auto options = std::make_shared<TokenText>();
  return {
      .name = "inspect",
      .summary = "show what a token says",
      .description =
          "Nobody is asked; with --verify the server for its keys, and the command ends with 3 for a token that is not "
          "signed by\nthem. What a token says may be over: introspect asks.",
      .examples = {{"runagents token inspect env:RUNAGENTS_TOKEN", "who, for whom, until when"}},
      .arguments = {token_argument(options->token)},
      .flags = {switch_flag("verify", "whether the server has signed it", options->verify)},
      .prints_objects = true,
      .run = [options](Context& context) { return inspect_token(*options, context); }};
}

Command introspect_command() {
  auto options = std::make_shared<TokenText>();
  return {.name = "introspect",
          .summary = "ask the server whether a token is good (RFC 7662)",
          .description = "Ends with 3 when it is not.",
          .examples = {{"runagents token introspect env:RUNAGENTS_TOKEN", "as the account that it belongs to"}},
          .arguments = {token_argument(options->token)},
          .flags = client_flags(options->of),
          .prints_objects = true,
          .run = [options](Context& context) { return introspect_token(*options, context); }};
}

Command revoke_command() {
  auto options = std::make_shared<TokenText>();
  return {.name = "revoke",
          .summary = "make a token worthless (RFC 7009), and forget the cached ones",
          .examples = {{"runagents token revoke file:token", "as the account that it belongs to"}},
          .arguments = {token_argument(options->token)},
          .flags = joined(client_flags(options->of),
                          {switch_flag("dry-run", "read it and revoke nothing", options->dry_run)}),
          .run = [options](Context& context) { return revoke_token(*options, context); }};
}

Command purge_command() {
  auto dry_run = std::make_shared<bool>(false);
  return {.name = "purge",
          .summary = "forget the cached tokens",
          .description = "They stay good at the server until they end.",
          .examples = {{"runagents token purge", "the next command asks for new ones"}},
          .flags = {switch_flag("dry-run", "forget nothing", *dry_run)},
          .run = [dry_run](Context& context) { return purge_tokens(*dry_run, context); }};
}

}  // namespace

Command token_command() {
  return {.name = "token",
          .summary = "tokens of agent accounts",
          .commands = {m2m_command(), obo_command(), exchange_command(), inspect_command(), introspect_command(),
                       revoke_command(), purge_command()}};
}

}  // namespace runagents::cli
