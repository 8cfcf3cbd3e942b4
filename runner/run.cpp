#include "runner/run.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "runner/running.hpp"
#include "runner/summary.hpp"

namespace runagents {
namespace {

constexpr int runagents_failed = 125;

void say(const Error& error) {
  fmt::print(stderr, "runagents: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "  {}\n", error.hint);
}

void print_summary(const RunOptions& options, const Summary& summary) {
  if (options.quiet || options.summary == SummaryFormat::none) return;
  const auto text = options.summary == SummaryFormat::json ? to_json(summary) : to_text(summary, options.colour);
  fmt::print(stderr, "{}", text);
}

}  // namespace

int run(const RunOptions& options, const RunPlanes& planes) {
  auto running = Running::prepare(options, planes);
  if (!running) {
    say(running.error());
    return runagents_failed;
  }
  if (const auto failure = (*running)->start(); failure) {
    say(failure->error);
    return failure->exit_code;
  }
  const auto summary = (*running)->serve();
  print_summary(options, summary);
  return summary.exit.code;
}

launch::EnvironmentOptions environment_options(const RunOptions& options) {
  launch::EnvironmentOptions wanted{.add = options.environment,
                                    .pass = {options.pass_environment.begin(), options.pass_environment.end()},
                                    .hide = {}};
  for (const auto& secret : options.own_secrets) {
    if (secret.kind == model::SecretReference::Kind::env) wanted.hide.insert(secret.value);
  }
  return wanted;
}

std::map<std::string, std::string> inherited_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace runagents
