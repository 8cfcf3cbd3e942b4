#include "cli/apply/commands.hpp"

#include <memory>

#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/policies/policies.hpp"
#include "cli/policies/stored.hpp"
#include "cli/policies/test.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<PoliciesList>();
  return {
      .name = "list",
      .summary = "list policies",
      .description = "Those of the control plane; in the local context, and with --config, those of the project file.",
      .examples = {{"runagents policies list", "by name"}},
      .flags = {config_flag(options->config)},
      .prints_objects = true,
      .run = [options](Context& context) { return list_policies(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<PoliciesGet>();
  return {.name = "get",
          .summary = "show one policy, rule by rule",
          .description = "One of the control plane; in the local context, and with --config, one of the project file.",
          .examples = {{"runagents policies get default", "the policy of a fresh project"}},
          .arguments = {{.name = "NAME", .summary = "the policy", .binding = &options->name, .means = Means::policy}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_policy(*options, context); }};
}

Command explain_command() {
  auto options = std::make_shared<PoliciesExplain>();
  return {
      .name = "explain",
      .summary = "say what would happen to a call, and why",
      .description =
          "Asks the evaluator that the proxy asks. With --check the exit status is the verdict: 0 "
          "allowed, 4 refused, 5 needs approval. For a tool of kind mcp, METHOD is the name of one of its tools.\n\n"
          "With --run it takes the calls from a run's record, and says what became of each and what would now. The "
          "project is that of\nthe run, unless --config names one. Groups of end users and arguments of MCP tools "
          "are not in the record.",
      .examples = {{"runagents policies explain DELETE https://api.stripe.com/v1/charges/ch_1", "one call"},
                   {"runagents policies explain GET https://example.com/ --user ada@example.com", "made for Ada"},
                   {"runagents policies explain create_refund https://mcp.example.com/mcp --arguments "
                    "'{\"amount\": 12}'",
                    "a call of an MCP tool"},
                   {"runagents policies explain --run latest --changed",
                    "what would be decided differently now than in the last run"}},
      .arguments = {{.name = "METHOD",
                     .summary = "the HTTP method",
                     .binding = &options->method,
                     .required = false,
                     .suggestions = usual_methods()},
                    {.name = "URL", .summary = "the absolute URL", .binding = &options->url, .required = false}},
      .flags = {config_flag(options->config),
                {.name = "run",
                 .value = "RUN",
                 .summary = "explain every call of this run instead: an id, its beginning, or \"latest\"",
                 .binding = &options->run,
                 .means = Means::run},
                switch_flag("changed", "of a run: only calls that would be decided differently", options->changed),
                {.name = "user",
                 .value = "USER",
                 .summary = "the end user of the call",
                 .binding = &options->user,
                 .means = Means::user},
                {.name = "group",
                 .value = "NAME",
                 .summary = "a group of that user; may be repeated",
                 .binding = &options->groups},
                {.name = "email", .value = "EMAIL", .summary = "the user's address", .binding = &options->email},
                {.name = "role",
                 .value = "NAME",
                 .summary = "a role of that user; may be repeated",
                 .binding = &options->roles},
                {.name = "attribute",
                 .value = "NAME=VALUE",
                 .summary = "an attribute of that user; may be repeated",
                 .binding = &options->attributes},
                {.name = "arguments",
                 .value = "JSON",
                 .summary = "of a call of an MCP tool; @FILE reads a file, - standard input",
                 .binding = &options->arguments},
                switch_flag("check", "make the verdict the exit status", options->check)},
      .prints_objects = true,
      .run = [options](Context& context) {
        return options->run.empty() ? explain_call(*options, context) : explain_run(*options, context);
      }};
}

Command suggest_command() {
  auto options = std::make_shared<PoliciesSuggest>();
  return {
      .name = "suggest",
      .summary = "write the project file that a run needed",
      .description =
          "Prints the run's project file with new tools, capabilities and rules in it: as little as the calls on "
          "record need. Reads\nare allowed by exact method and path; what may change something, and what policy "
          "denied by name or held, is proposed\nwith an approval. Identifiers in paths become wildcards only where "
          "several were seen. Allowing rules of today are\nreplaced, denying ones stay.\n\nIt is a draft: it says "
          "what the agent did, not what it should do. A run with --observe shows most.",
      .examples = {{"runagents policies suggest latest", "from the last run, to be reviewed"},
                   {"runagents policies suggest latest --include-refused", "what was refused counts as needed, too"}},
      .arguments = {{.name = "RUN",
                     .summary = "the run: its id, the beginning of it, or \"latest\"",
                     .binding = &options->run,
                     .means = Means::run}},
      .flags = {config_flag(options->config),
                switch_flag("include-refused", "count calls that were refused as needed", options->include_refused)},
      .prints_objects = true,
      .run = [options](Context& context) { return suggest_policies(*options, context); }};
}

Command edit_command() {
  auto options = std::make_shared<PolicyEdit>();
  return {.name = "edit",
          .summary = "change a policy of the control plane in an editor",
          .description = "The editor is that of VISUAL or EDITOR.",
          .examples = {{"runagents policies edit payments", "stored when the editor ends"}},
          .arguments = {{.name = "NAME",
                         .summary = "the policy, by name or id",
                         .binding = &options->name,
                         .means = Means::policy}},
          .flags = {dry_run_flag(options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return edit_policy(*options, context); }};
}

Command evaluate_command() {
  auto options = std::make_shared<PolicyQuestion>();
  return {
      .name = "evaluate",
      .summary = "ask the control plane what its policies say to a call of an MCP tool",
      .description =
          "Nothing is called. Without --account and --user it is you who would call; with both, the account on "
          "behalf of the\nuser. With --check the exit status is the decision: 0 allowed, 4 denied, 5 needs "
          "approval.",
      .examples = {{"runagents policies evaluate github merge_pull_request --account billing-bot", "by an account"},
                   {"runagents policies evaluate stripe refund --arg amount=900 --user ada@example.com --check",
                    "with arguments"}},
      .arguments = {{.name = "SERVER",
                     .summary = "the MCP server, by name or id",
                     .binding = &options->server,
                     .means = Means::server},
                    {.name = "TOOL", .summary = "one of its tools", .binding = &options->tool}},
      .flags =
          {{.name = "account",
            .value = "NAME",
            .summary = "who would call",
            .binding = &options->account,
            .means = Means::account},
           {.name = "user", .value = "USER", .summary = "for whom", .binding = &options->user, .means = Means::user},
           {.name = "arg",
            .value = "NAME=VALUE",
            .summary = "an argument of the call; may be repeated",
            .binding = &options->words},
           {.name = "arguments",
            .value = "JSON",
            .summary = "all of them; @FILE reads a file, - standard input",
            .binding = &options->arguments},
           switch_flag("check", "make the decision the exit status", options->check)},
      .prints_objects = true,
      .run = [options](Context& context) { return evaluate_policies(*options, context); }};
}

Command test_command() {
  auto options = std::make_shared<PoliciesTest>();
  return {.name = "test",
          .summary = "hold the evaluator against a file of expected decisions",
          .description = test_description(),
          .examples = {{"runagents policies test cases.txt", "exits with 9 when a case fails"}},
          .arguments = {{.name = "FILE",
                         .summary = "the cases; \"-\" reads standard input",
                         .binding = &options->file,
                         .means = Means::file}},
          .flags = {config_flag(options->config),
                    {.name = "verbose",
                     .letter = 'v',
                     .summary = "print the cases that pass, too",
                     .binding = &options->verbose}},
          .prints_objects = true,
          .run = [options](Context& context) { return test_policies(*options, context); }};
}

Command lint_command() {
  auto options = std::make_shared<PoliciesLint>();
  return {.name = "lint",
          .summary = "find rules that do nothing, or more than was meant",
          .description =
              "Reports rules that never decide, name what no tool has, or allow everything. Exits with 9 "
              "when there is a finding.",
          .examples = {{"runagents policies lint", "check the project of this directory"}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return lint_policies(*options, context); }};
}

}  // namespace

Command policies_command() {
  ObjectAction removal{.verb = "delete",
                       .done = "deleted",
                       .summary = "delete policies of the control plane",
                       .asks = true,
                       .question_end = ", whose rules stop counting at once"};
  return {.name = "policies",
          .summary = "what calls are allowed: look, try, store",
          .description =
              "apply, edit, delete and evaluate are about the policies that a control plane keeps for MCP servers and "
              "agents; explain,\nsuggest, test and lint about those of the project file; list and get about either.",
          .commands = {list_command(), get_command(),
                       apply_kind_command(
                           "apply", "store policies, or change them", "Policy", false,
                           {{"runagents policies apply -f payments.yaml", "created, changed or left"},
                            {"runagents policies apply -f spec.json --name payments --dry-run", "what would change"}}),
                       apply_kind_command("create", "store policies that are not there yet", "Policy", true,
                                          {{"runagents policies create -f payments.yaml", "fails when there is one"}}),
                       edit_command(),
                       act_on_objects_command(policy_kind(), std::move(removal),
                                              {{"runagents policies delete payments --yes", "by name, or by id"}}),
                       evaluate_command(), explain_command(), suggest_command(), test_command(), lint_command()}};
}

}  // namespace runagents::cli
