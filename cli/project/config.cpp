#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "cli/connection/contexts.hpp"
#include "cli/groups.hpp"
#include "cli/nearest.hpp"
#include "cli/output/fit.hpp"
#include "cli/output/print.hpp"
#include "cli/project/project.hpp"
#include "runner/preflight.hpp"

namespace runagents::cli {
namespace {

struct ConfigCheck {
  std::string config;
};

std::string counted(std::size_t count, std::string_view noun, std::string_view nouns) {
  return fmt::format("{} {}", count, count == 1 ? noun : nouns);
}

Outcome check(const ConfigCheck& options, Context& context) {
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  RunOptions run;
  run.project = *project;
  if (const auto supported = check_supported(*project); !supported) {
    context.terminal.err << fmt::format("runagents: this version cannot run it: {}\n",
                                        output::printable(supported.error().message));
  } else if (const auto environment = future_environment(run, policy::Evaluator{*project}); !environment) {
    return std::unexpected(environment.error());
  }
  auto found = fmt::format("{}: valid, agent \"{}\", {}, {}", output::printable(project->file.string()),
                           project->agent.name, counted(project->tools.size(), "tool", "tools"),
                           counted(project->policies.size(), "policy", "policies"));
  if (!project->providers.empty()) found += ", " + counted(project->providers.size(), "provider", "providers");
  context.terminal.out << output::fitted(found, context.terminal.width) << '\n';
  return 0;
}

Command check_command() {
  auto options = std::make_shared<ConfigCheck>();
  return {.name = "check",
          .summary = "check the project file",
          .description =
              "Reports everything that is wrong with runagents.toml at once, with line, column and what would be "
              "right.\nExits with 2 when something is.",
          .examples = {{"runagents config check", "check the project of this directory"}},
          .flags = {config_flag(options->config)},
          .run = [options](Context& context) { return check(*options, context); }};
}

Argument key_argument(std::string& target) {
  return {.name = "KEY",
          .summary = "endpoint, api-key or context",
          .binding = &target,
          .suggestions = {"endpoint", "api-key", "context"}};
}

Result<void> check_key(const std::string& key) {
  const std::vector<std::string> keys{"endpoint", "api-key", "context"};
  if (std::ranges::find(keys, key) != keys.end()) return {};
  return fail(ErrorCode::usage, fmt::format("there is no setting \"{}\"", key), did_you_mean(key, keys));
}

Command get_command() {
  auto key = std::make_shared<std::string>();
  return {.name = "get",
          .summary = "print where commands speak to",
          .description = "Prints the endpoint, the name of the context, or the reference of the API key; never a key.",
          .examples = {{"runagents config get endpoint", "with what the environment says"}},
          .arguments = {key_argument(*key)},
          .run = [key](Context& context) -> Outcome {
            if (auto known = check_key(*key); !known) return std::unexpected(std::move(known.error()));
            return get_config(*key, context);
          }};
}

Command set_command() {
  auto options = std::make_shared<ConfigSet>();
  return {.name = "set",
          .summary = "set the endpoint, API key or context of commands",
          .description =
              "Changes the current context in config.toml, or makes one called \"default\". An API key is asked for "
              "without\nshowing it, or piped in, and goes into the encrypted store.",
          .examples = {{"runagents config set endpoint https://runagents.example.com", "a server of your team"},
                       {"runagents config set api-key", "asks for it"}},
          .arguments = {key_argument(options->key),
                        {.name = "VALUE",
                         .summary = "the value; none for api-key",
                         .binding = &options->value,
                         .required = false}},
          .flags = {switch_flag("dry-run", "change nothing", options->dry_run)},
          .run = [options](Context& context) -> Outcome {
            if (auto known = check_key(options->key); !known) return std::unexpected(std::move(known.error()));
            return set_config(*options, context);
          }};
}

}  // namespace

Command config_command() {
  return {.name = "config",
          .summary = "check the project file; say where commands speak to",
          .commands = {check_command(), get_command(), set_command()}};
}

}  // namespace runagents::cli
