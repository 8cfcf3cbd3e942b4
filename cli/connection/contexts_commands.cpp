#include <memory>

#include "cli/connection/contexts.hpp"
#include "cli/groups.hpp"

namespace runagents::cli {
namespace {

Command list_command() {
  return {.name = "list",
          .summary = "list the control planes that commands can speak to",
          .examples = {{"runagents context list", "the current one has a star"}},
          .prints_objects = true,
          .run = [](Context& context) { return list_contexts(context); }};
}

Command use_command() {
  auto options = std::make_shared<ContextName>();
  return {.name = "use",
          .summary = "choose the control plane for the commands that follow",
          .examples = {{"runagents context use prod", "until another one is chosen"},
                       {"runagents context use local", "back to the store of this machine"}},
          .arguments = {{.name = "NAME", .summary = "the context", .binding = &options->name, .means = Means::context}},
          .flags = {switch_flag("dry-run", "choose nothing", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return use_context(*options, context); }};
}

Command add_command() {
  auto options = std::make_shared<ContextAdd>();
  return {.name = "add",
          .summary = "add a control plane",
          .description =
              "The credential is a reference: env:NAME, file:PATH, store:NAME, exec:CMD or keyring:SERVICE/ACCOUNT. "
              "Without\none, log in afterwards (runagents login) or give an API key (runagents config set api-key).",
          .examples = {{"runagents context add prod https://runagents.example.com --use", "then: runagents login"},
                       {"runagents context add ci https://runagents.example.com --credential env:CI_API_KEY",
                        "for scripts"}},
          .arguments = {{.name = "NAME", .summary = "what it is called here", .binding = &options->name},
                        {.name = "ENDPOINT", .summary = "its URL", .binding = &options->endpoint}},
          .flags = {{.name = "credential",
                     .value = "REF",
                     .summary = "where its API key or token is found",
                     .binding = &options->credential},
                    {.name = "ca-file",
                     .value = "FILE",
                     .summary = "PEM bundle to trust instead of the system's roots",
                     .binding = &options->ca_file,
                     .means = Means::file},
                    switch_flag("use", "make it the current one", options->use),
                    switch_flag("dry-run", "check it and add nothing", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return add_context(*options, context); }};
}

Command remove_command() {
  auto options = std::make_shared<ContextName>();
  return {.name = "remove",
          .summary = "forget a control plane and the credential that is stored for it",
          .examples = {{"runagents context remove prod --yes", "what is on the server stays"}},
          .arguments = {{.name = "NAME", .summary = "the context", .binding = &options->name, .means = Means::context}},
          .flags = {{.name = "yes", .letter = 'y', .summary = "do not ask", .binding = &options->yes},
                    switch_flag("dry-run", "show what would be removed", options->dry_run)},
          .prints_objects = true,
          .run = [options](Context& context) { return remove_context(*options, context); }};
}

Command show_command() {
  auto options = std::make_shared<ContextName>();
  return {.name = "show",
          .summary = "show a context, or the one that commands speak to here",
          .examples = {{"runagents context show", "with what the environment says"}},
          .arguments = {{.name = "NAME",
                         .summary = "the context (default: what is in force)",
                         .binding = &options->name,
                         .required = false,
                         .means = Means::context}},
          .prints_objects = true,
          .run = [options](Context& context) { return show_context(*options, context); }};
}

}  // namespace

Command context_command() {
  return {.name = "context",
          .summary = "choose the control plane to speak to",
          .description =
              "A context is a control plane under a name, kept in config.toml. The context \"local\" is the store of "
              "this machine,\nneeds no server, and is the current one until another is chosen. --context and "
              "RUNAGENTS_CONTEXT choose for one command;\nRUNAGENTS_ENDPOINT and RUNAGENTS_API_KEY do without "
              "config.toml.",
          .commands = {list_command(), use_command(), add_command(), remove_command(), show_command()}};
}

}  // namespace runagents::cli
