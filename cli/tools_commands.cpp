#include <memory>

#include "cli/groups.hpp"
#include "cli/tools.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  auto options = std::make_shared<ToolsList>();
  return {.name = "list",
          .summary = "list the tools of the project",
          .examples = {{"runagents tools list", "what the agent can reach"}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return list_tools(*options, context); }};
}

Command get_command() {
  auto options = std::make_shared<ToolsGet>();
  return {.name = "get",
          .summary = "show one tool and its capabilities",
          .examples = {{"runagents tools get echo", "the tool of a fresh project"}},
          .arguments = {{.name = "NAME", .summary = "the tool", .binding = &options->name}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return get_tool(*options, context); }};
}

Command probe_command() {
  auto options = std::make_shared<ToolsProbe>();
  return {.name = "probe",
          .summary = "try whether tools can be reached",
          .description =
              "Resolves and dials a tool as a call would, completes TLS, and sends HEAD without a "
              "credential.\nExits with 8 when one cannot be reached.",
          .examples = {{"runagents tools probe", "all tools of the project"}},
          .arguments =
              {{.name = "NAME", .summary = "the tools (default: all)", .binding = &options->names, .required = false}},
          .flags = {config_flag(options->config)},
          .prints_objects = true,
          .run = [options](Context& context) { return probe_tools(*options, context); }};
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
      .arguments = {{.name = "NAME", .summary = "the tool", .binding = &options->name},
                    {.name = "METHOD|TOOL",
                     .summary = "the HTTP method; of a tool of kind mcp one of its tools",
                     .binding = &options->method},
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
                {.name = "user", .value = "USER", .summary = "the end user of the call", .binding = &options->user},
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
  return {.name = "tools",
          .summary = "look at the tools of the project, and try them",
          .commands = {list_command(), get_command(), probe_command(), call_command()}};
}

}  // namespace runagents::cli
