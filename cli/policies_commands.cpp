#include <memory>

#include "cli/groups.hpp"
#include "cli/policies.hpp"
#include "cli/policies_test.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<PoliciesList>();
  return {.name = "list",
          .summary = "list the policies of the project",
          .examples = {{"runagents policies list", "by name"}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_policies(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<PoliciesGet>();
  return {.name = "get",
          .summary = "show one policy, rule by rule",
          .examples = {{"runagents policies get default", "the policy of a fresh project"}},
          .arguments = {{.name = "NAME", .summary = "the policy", .binding = &options->name}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_policy(*options, context); }};
}

Command explain_command() {
  auto options = std::make_shared<PoliciesExplain>();
  return {.name = "explain",
          .summary = "say what would happen to a call, and why",
          .description =
              "Asks the evaluator that the proxy asks. With --check the exit status is the verdict: 0 "
              "allowed, 4 refused, 5 needs approval. For a tool of kind mcp, METHOD is the name of one of its tools.",
          .examples = {{"runagents policies explain DELETE https://api.stripe.com/v1/charges/ch_1", "one call"},
                       {"runagents policies explain GET https://example.com/ --user ada@example.com", "made for Ada"},
                       {"runagents policies explain create_refund https://mcp.example.com/mcp --arguments "
                        "'{\"amount\": 12}'",
                        "a call of an MCP tool"}},
          .arguments = {{.name = "METHOD", .summary = "the HTTP method", .binding = &options->method},
                        {.name = "URL", .summary = "the absolute URL", .binding = &options->url}},
          .flags = {config_flag(options->config),
                    {.name = "user", .value = "USER", .summary = "the end user of the call", .binding = &options->user},
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
          .run = [options](Context& context) { return explain_call(*options, context); }};
}

Command test_command() {
  auto options = std::make_shared<PoliciesTest>();
  return {
      .name = "test",
      .summary = "hold the evaluator against a file of expected decisions",
      .description = test_description(),
      .examples = {{"runagents policies test cases.txt", "exits with 9 when a case fails"}},
      .arguments = {{.name = "FILE", .summary = "the cases; \"-\" reads standard input", .binding = &options->file}},
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
  return {.name = "policies",
          .summary = "look at policies and try them out",
          .commands = {list_command(), get_command(), explain_command(), test_command(), lint_command()}};
}

}  // namespace runagents::cli
