#include <memory>

#include "cli/approvals/approvals.hpp"
#include "cli/groups.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<ApprovalsList>();
  return {.name = "list",
          .summary = "list approval requests, the newest first",
          .examples = {{"runagents approvals list --status pending", "what waits for a decision"}},
          .flags = {{.name = "status",
                     .value = "STATUS",
                     .summary = "only those",
                     .binding = &options->status,
                     .choices = {"pending", "approved", "rejected", "expired"}},
                    only_of_agent(options->agent),
                    only_of_run(options->run),
                    limit_flag(options->limit)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_approvals(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<ApprovalsGet>();
  return {.name = "get",
          .summary = "show one request: the call, for whom, its body, and what each scope allows",
          .examples = {{"runagents approvals get 3f2a91c0", "look before deciding; the beginning of an id is enough"}},
          .arguments = {{.name = "ID", .summary = "the request", .binding = &options->id, .means = Means::approval}},
          .prints_objects = true,
          .run = [options](Context& context) { return get_approval(*options, context); }};
}

Command approve_command() {
  auto options = std::make_shared<Approve>();
  return {
      .name = "approve",
      .summary = "let blocked calls through",
      .description =
          "Approves requests. A held call is sent as it stands; an agent that was told to retry succeeds "
          "with the same call.\nAn agent cannot do this: inside a run the command is refused.",
      .examples = {{"runagents approvals approve 3f2a91c0", "this very call, one time"},
                   {"runagents approvals approve 3f2a91c0 --scope window --duration 4h", "this tool, for four hours"}},
      .arguments =
          {{.name = "ID", .summary = "the requests", .binding = &options->ids, .means = Means::pending_approval}},
      .flags = {{.name = "scope",
                 .value = "SCOPE",
                 .summary = "what is allowed from now on",
                 .binding = &options->scope,
                 .choices = {"once", "run", "window", "agent_user_ttl"},
                 .default_text = "once"},
                {.name = "duration",
                 .value = "TIME",
                 .summary = "how long, with --scope window",
                 .binding = &options->duration,
                 .default_text = "what the policy says, else 4h"},
                {.name = "reason", .value = "TEXT", .summary = "for the record", .binding = &options->reason},
                switch_flag("dry-run", "show what would be approved", options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return approve(*options, context); }};
}

Command reject_command() {
  auto options = std::make_shared<Reject>();
  return {
      .name = "reject",
      .summary = "refuse blocked calls",
      .examples = {{"runagents approvals reject 3f2a91c0 --reason \"wrong customer\"", "the agent is told the reason"}},
      .arguments =
          {{.name = "ID", .summary = "the requests", .binding = &options->ids, .means = Means::pending_approval}},
      .flags = {{.name = "reason",
                 .value = "TEXT",
                 .summary = "told to the agent, and recorded",
                 .binding = &options->reason},
                switch_flag("dry-run", "show what would be rejected", options->dry_run)},
      .prints_objects = true,
      .run = [options](Context& context) { return reject(*options, context); }};
}

Command watch_command() {
  auto options = std::make_shared<ApprovalsWatch>();
  return {
      .name = "watch",
      .summary = "show requests as they come in, and decide on them",
      .description =
          "On a terminal: a list that changes in place; Enter shows all of a request, a approves, r rejects, ? shows "
          "the keys.\nAn approval is given for the scope that is chosen after the request was shown.\nElsewhere, and "
          "with "
          "-o: a line for each request as it comes.",
      .examples = {{"runagents approvals watch --timeout 5s", "decide on what waits, for five seconds"},
                   {"runagents approvals watch -o jsonl --timeout 5s", "one JSON object per line, for a script"}},
      .flags = {only_of_agent(options->agent), only_of_run(options->run), stop_after(options->timeout)},
      .prints_objects = true,
      .run = [options](Context& context) { return watch_approvals(*options, context); }};
}

Command grants_command() {
  auto list = std::make_shared<GrantsList>();
  auto revoke = std::make_shared<GrantsRevoke>();
  Command list_command{.name = "list",
                       .summary = "list what was approved and is still in force",
                       .examples = {{"runagents approvals grants list --all", "used, expired and revoked ones too"}},
                       .flags = {switch_flag("all", "used, expired and revoked ones too", list->all)},
                       .prints_objects = true,
                       .run = [list](Context& context) { return list_grants(*list, context); }};
  Command revoke_command{
      .name = "revoke",
      .summary = "end grants before their time",
      .examples = {{"runagents approvals grants revoke 7c1e55d2 --yes", "the next call is asked for again"}},
      .arguments = {{.name = "ID", .summary = "the grants", .binding = &revoke->ids, .means = Means::approval_grant}},
      .flags = {{.name = "yes", .letter = 'y', .summary = "do not ask", .binding = &revoke->yes},
                switch_flag("dry-run", "show what would be revoked", revoke->dry_run)},
      .prints_objects = true,
      .run = [revoke](Context& context) { return revoke_grants(*revoke, context); }};
  return {.name = "grants",
          .summary = "what was granted",
          .commands = {std::move(list_command), std::move(revoke_command)}};
}

}  // namespace

Command approvals_command() {
  return {.name = "approvals",
          .summary = "decide on calls that need a person",
          .commands = {list_command(), get_command(), approve_command(), reject_command(), watch_command(),
                       grants_command(), approval_connectors_command()}};
}

}  // namespace runagents::cli
