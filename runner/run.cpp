#include "runner/run.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "runner/replay/report.hpp"
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

/// Not to be silenced: who reads the terminal has to know, whoever typed the flag.
void warn_of_observing(const RunOptions& options) {
  fmt::print(
      stderr,
      "runagents: {}OBSERVING{}: policy, capabilities and approvals stop nothing in this run\n"
      "  Calls that they would refuse or hold are made, without a credential and also to hosts that are no tool, "
      "at public addresses.\n"
      "  Each is recorded with what would have become of it.\n",
      options.colour ? "\033[1;33m" : "", options.colour ? "\033[0m" : "");
}

}  // namespace

int run(const RunOptions& options, const RunPlanes& planes) {
  auto running = Running::prepare(options, planes);
  if (!running) {
    say(running.error());
    return runagents_failed;
  }
  if (options.observe) warn_of_observing(options);
  if (const auto failure = (*running)->start(); failure) {
    say(failure->error);
    return failure->exit_code;
  }
  const auto summary = (*running)->serve();
  const auto* playback = (*running)->playback();
  const bool reports_json = playback != nullptr && options.replay->as_json;
  if (!reports_json) print_summary(options, summary);
  if (const auto* tape = (*running)->tape();
      tape != nullptr && !options.quiet && options.summary == SummaryFormat::text) {
    fmt::print(stderr, "{}", replay::to_text(*tape, summary.run_id));
  }
  if (playback == nullptr) return summary.exit.code;
  const auto& replayed = options.replay->run_id;
  fmt::print(stderr, "{}", reports_json ? to_json(*playback, replayed) : to_text(*playback, replayed));
  return playback->differences().empty() ? summary.exit.code : exit_code(ErrorCode::bad_outcome);
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
