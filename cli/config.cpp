#include <fmt/format.h>
#include <memory>

#include "cli/groups.hpp"
#include "cli/output/print.hpp"
#include "cli/project.hpp"
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
  context.terminal.out << fmt::format("{}: valid, agent \"{}\", {}, {}\n", output::printable(project->file.string()),
                                      project->agent.name, counted(project->tools.size(), "tool", "tools"),
                                      counted(project->policies.size(), "policy", "policies"));
  return 0;
}

}  // namespace

Command config_command() {
  auto options = std::make_shared<ConfigCheck>();
  Command check_command{
      .name = "check",
      .summary = "check the project file",
      .description =
          "Reports everything that is wrong with runagents.toml at once, with line, column and what would be "
          "right.\nExits with 2 when something is.",
      .examples = {{"runagents config check", "check the project of this directory"}},
      .flags = {config_flag(options->config)},
      .run = [options](Context& context) { return check(*options, context); }};
  return {.name = "config", .summary = "check the configuration", .commands = {std::move(check_command)}};
}

}  // namespace runagents::cli
