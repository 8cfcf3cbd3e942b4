#include "cli/apply/commands.hpp"

#include <memory>

#include "cli/configured_commands.hpp"
#include "cli/groups.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/tools/tools.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<ToolsList>();
  return {.name = "list",
          .summary = "list tools",
          .description = kept_or_configured,
          .examples = {{"runagents tools list", "what the agent can reach"}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_tools(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<ToolsGet>();
  return {.name = "get",
          .summary = "show one tool and its capabilities",
          .description = kept_or_configured,
          .examples = {{"runagents tools get echo", "the tool of a fresh project"}},
          .arguments = {{.name = "NAME", .summary = "the tool", .binding = &options->name, .means = Means::tool}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_tool(*options, context); }};
}

Command try_command(std::string verb, std::string summary, bool names_required, std::vector<Example> examples) {
  auto options = std::make_shared<ToolsProbe>();
  return {
      .name = std::move(verb),
      .summary = std::move(summary),
      .description =
          "Resolves and dials a tool of the project as a call would, completes TLS, and sends HEAD without a "
          "credential. With a server as\nthe context, it is the server that tries, whether anything answers at the "
          "URLs of its tools, or at one that is given\n(administrators only). Exits with 8 when one cannot be reached.",
      .examples = std::move(examples),
      .arguments = {{.name = "NAME",
                     .summary = names_required ? "the tools; at a server also URLs"
                                               : "the tools; at a server also URLs (default: all tools)",
                     .binding = &options->names,
                     .required = names_required,
                     .means = Means::tool}},
      .flags = {config_flag(options->config)},
      .prints_objects = true,
      .run = [options](Context& context) { return probe_tools(*options, context); }};
}

Command schema_command() {
  auto options = std::make_shared<ToolsSchema>();
  return {
      .name = "schema",
      .summary = "print tools as functions that a model can be given",
      .description =
          "OpenAI tool definitions, one for each capability, as an agent gets them in TOOL_DEFINITIONS_JSON. Of the "
          "control plane's\ntools; in the local context, and with --config, of the project's.",
      .examples = {{"runagents tools schema -o json", "for a request to a model"},
                   {"runagents tools schema echo", "the functions of one tool"}},
      .arguments = {{.name = "NAME",
                     .summary = "the tool (default: all)",
                     .binding = &options->name,
                     .required = false,
                     .means = Means::tool}},
      .flags = {config_flag(options->config)},
      .prints_objects = true,
      .run = [options](Context& context) { return print_tool_schema(*options, context); }};
}

Command call_command() {
  auto options = std::make_shared<ToolsCall>();
  return {
      .name = "call",
      .summary = "make one call as the agent would",
      .description =
          "The call takes the same way as in a run: policy, capabilities, approval, credential, record. "
          "Prints the tool's answer.\nExits with 4 when it was refused, with 5 when it needs a person, "
          "with 9 when the tool answered with an error. Of a tool of kind mcp, TOOL is one of its tools and --arg its "
          "arguments.",
      .examples =
          {{"runagents tools call echo GET /anything", "the tool of a fresh project"},
           {"runagents tools call echo POST /echo -H 'Content-Type: application/json' -d '{\"message\":\"hi\"}'",
            "with a body"},
           {"runagents tools call github list_issues --arg repo=acme/shop --arg limit=5", "a tool of kind mcp"}},
      .arguments = {{.name = "NAME", .summary = "the tool", .binding = &options->name, .means = Means::tool},
                    {.name = "METHOD|TOOL",
                     .summary = "the HTTP method; of a tool of kind mcp one of its tools",
                     .binding = &options->method,
                     .suggestions = usual_methods()},
                    {.name = "PATH",
                     .summary = "below the tool's base URL, with an optional query",
                     .binding = &options->path,
                     .required = false}},
      .flags = {config_flag(options->config),
                {.name = "arg",
                 .value = "NAME=VALUE",
                 .summary =
                     "kind mcp: an argument, read as JSON where it is some; NAME:=TEXT is a text; may be repeated",
                 .binding = &options->words},
                {.name = "arguments",
                 .value = "JSON",
                 .summary = "kind mcp: all of them; @FILE reads a file, - standard input",
                 .binding = &options->arguments},
                {.name = "data",
                 .letter = 'd',
                 .value = "BODY",
                 .summary = "the body; @FILE reads a file, - standard input",
                 .binding = &options->data},
                {.name = "header",
                 .letter = 'H',
                 .value = "NAME:VALUE",
                 .summary = "a header; may be repeated",
                 .binding = &options->headers},
                {.name = "include",
                 .letter = 'i',
                 .summary = "print status and headers, too",
                 .binding = &options->with_head},
                {.name = "user",
                 .value = "USER",
                 .summary = "the end user of the call",
                 .binding = &options->user,
                 .means = Means::user},
                {.name = "on-approval",
                 .value = "MODE",
                 .summary = "what a call that needs approval does",
                 .binding = &options->on_approval,
                 .choices = {"hold", "return", "ask", "deny"},
                 .default_text = "hold"},
                {.name = "approval-timeout",
                 .value = "TIME",
                 .summary = "how long such a call waits",
                 .binding = &options->approval_timeout,
                 .default_text = "10m"},
                {.name = "on-consent",
                 .value = "MODE",
                 .summary = "what a call does whose user has not consented to the tool's use",
                 .binding = &options->on_consent,
                 .choices = {"hold", "return", "deny"},
                 .default_text = "hold"},
                {.name = "consent-timeout",
                 .value = "TIME",
                 .summary = "how long such a call waits",
                 .binding = &options->consent_timeout,
                 .default_text = "10m"}},
      .prints_objects = true,
      .run = [options](Context& context) { return call_tool(*options, context); }};
}

}  // namespace

Command tools_command() {
  return {
      .name = "tools",
      .summary = "look at tools, and try them",
      .description =
          "The tools of a project are in its file. A server keeps documents about tools, in their published shape: "
          "apply, create and\ndelete are about those, list, get, probe, test and schema about either; call uses the "
          "project's.",
      .commands = {
          list_command(), get_command(),
          apply_kind_command("apply", "register tools at a server, or change them", "Tool", false,
                             {{"runagents tools apply -f stripe.yaml",
                               "{name: stripe, spec: {connection: {baseUrl: https://api.stripe.com}}}"},
                              {"runagents tools apply -f stripe.yaml --dry-run", "what would change"}}),
          apply_kind_command("create", "register tools that are not there yet", "Tool", true,
                             {{"runagents tools create --file stripe.json", "fails when there is one"}}),
          act_on_objects_command(
              tool_kind(), {.verb = "delete", .done = "deleted", .summary = "forget tools of a server", .asks = true},
              {{"runagents tools delete stripe --yes", "by name"}}),
          try_command("probe", "try whether tools can be reached", false,
                      {{"runagents tools probe", "all tools"},
                       {"runagents tools probe https://api.stripe.com", "from a server"}}),
          try_command("test", "try one tool, or some", true, {{"runagents tools test echo", "by name"}}),
          schema_command(), call_command()}};
}

}  // namespace runagents::cli
