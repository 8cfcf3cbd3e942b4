#include <memory>

#include "cli/consents/consents.hpp"
#include "cli/groups.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<ConsentsList>();
  return {.name = "list",
          .summary = "list what users have consented to; never a token",
          .examples = {{"runagents consents list --tool drive", "who has given one"}},
          .flags = {{.name = "tool",
                     .value = "NAME",
                     .summary = "only for this tool",
                     .binding = &options->tool,
                     .means = Means::tool},
                    {.name = "user",
                     .value = "USER",
                     .summary = "only of this user",
                     .binding = &options->user,
                     .means = Means::user}},
          .prints_objects = true,
          .run = [options](Context& context) { return list_consents(*options, context); }};
}

Command start_command() {
  auto options = std::make_shared<ConsentsStart>();
  return {.name = "start",
          .summary = "give a consent before a run needs it, or to one that waits for it",
          .description =
              "Prints the address at which the consent is given, waits until the browser comes back, and "
              "stores the tokens encrypted.\nThe browser has to run on this machine. Exits with 5 when the "
              "consent was refused or not given in time.",
          .examples = {{"runagents consents start drive --user ada@example.com", "for the calls made for Ada"},
                       {"runagents consents start drive --shared", "for users without a consent of their own"}},
          .arguments = {{.name = "TOOL", .summary = "the tool", .binding = &options->tool, .means = Means::tool}},
          .flags = {config_flag(options->config),
                    {.name = "user",
                     .value = "USER",
                     .summary = "whose consent it is",
                     .binding = &options->user,
                     .means = Means::user},
                    switch_flag("shared", "for all users who gave none themselves", options->shared),
                    {.name = "timeout",
                     .value = "TIME",
                     .summary = "how long to wait",
                     .binding = &options->timeout,
                     .default_text = "10m"},
                    switch_flag("dry-run", "show where it would be given", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return start_consent(*options, context); }};
}

Command revoke_command() {
  auto options = std::make_shared<ConsentsRevoke>();
  return {.name = "revoke",
          .summary = "take consents back",
          .description =
              "Deletes the tokens, so that the next call asks again, also in runs that are under way, and "
              "tells the provider where the tool has a\nrevocation_url. Exits with 8 when the provider could "
              "not be told; the tokens are deleted then, too.",
          .examples = {{"runagents consents revoke 7c1e55d2 --yes", "the beginning of an id is enough"}},
          .arguments = {{.name = "ID", .summary = "the consents", .binding = &options->ids, .means = Means::consent}},
          .flags = {config_flag(options->config),
                    {.name = "yes", .letter = 'y', .summary = "do not ask", .binding = &options->yes},
                    switch_flag("dry-run", "show what would be revoked", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return revoke_consents(*options, context); }};
}

}  // namespace

Command consents_command() {
  return {.name = "consents",
          .summary = "what users let tools do for them (OAuth 2)",
          .description =
              "Consents are kept on this machine, encrypted, whatever the context: the runner renews and sends their "
              "tokens, and hands them to no\nserver. Sessions on MCP servers behind a control plane are another thing: "
              "runagents servers connect.",
          .commands = {list_command(), start_command(), revoke_command()}};
}

}  // namespace runagents::cli
