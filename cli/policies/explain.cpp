#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/policies/policies.hpp"
#include "cli/project/project.hpp"
#include "cli/tools/tool_arguments.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/json_arguments.hpp"

namespace runagents::cli {
namespace {

using output::Colour;
using policy::Verdict;

std::string outcome(const Verdict& verdict) {
  if (!verdict.code) return "ALLOWED";
  return std::string{model::traits(*verdict.code).word};
}

Colour colour_of(const Verdict& verdict) {
  if (!verdict.code) return Colour::green;
  return verdict.code == model::RefusalCode::approval_required ? Colour::yellow : Colour::red;
}

std::string card_of(const Verdict& verdict, const PoliciesExplain& options, bool colour) {
  const auto url = verdict.url.empty() ? options.url : verdict.url;
  auto card = fmt::format("{}  {} {}\n", output::paint(outcome(verdict), colour_of(verdict), colour),
                          output::printable(options.method), output::printable(url));
  card += output::labelled({
      {"  why", verdict.message},
      {"  tool", verdict.tool == nullptr ? "" : verdict.tool->name},
      {"  capability", verdict.capability == nullptr ? "" : verdict.capability->name},
      {"  rule", verdict.decision.policy == nullptr
                     ? ""
                     : fmt::format("{}#{}", verdict.decision.policy->name, verdict.decision.rule)},
      {"  hint", verdict.hint},
  });
  if (!verdict.considered.empty()) card += "\nRules for this tool\n";
  for (const auto& line : verdict.considered) card += "  " + output::printable(line) + "\n";
  return card;
}

std::string json_of(const Verdict& verdict, const PoliciesExplain& options) {
  nlohmann::ordered_json object = {{"verdict", outcome(verdict)}, {"method", options.method}, {"url", verdict.url}};
  object["stage"] = verdict.code ? nlohmann::ordered_json(model::traits(*verdict.code).stage) : nullptr;
  object["tool"] = verdict.tool == nullptr ? nlohmann::ordered_json{} : nlohmann::ordered_json(verdict.tool->name);
  object["capability"] =
      verdict.capability == nullptr ? nlohmann::ordered_json{} : nlohmann::ordered_json(verdict.capability->name);
  object["decision"] = {{"permission", word(verdict.decision.permission)}};
  if (verdict.decision.policy != nullptr) {
    object["decision"]["policy"] = verdict.decision.policy->name;
    object["decision"]["rule"] = verdict.decision.rule;
  }
  object["message"] = verdict.message;
  object["hint"] = verdict.hint;
  object["considered"] = verdict.considered;
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

using Json = nlohmann::ordered_json;

constexpr std::size_t levels = 128;

/// Nothing when none are given: then they are not known.
Result<std::optional<Json>> arguments_of(const std::string& given, const Context& context) {
  if (given.empty()) return std::nullopt;
  return arguments_object(given, levels, context);
}

/// Views into the options.
Result<std::optional<policy::EndUser>> user_of(const PoliciesExplain& options) {
  for (const auto& attribute : options.attributes) {
    if (const auto equals = attribute.find('='); equals != std::string::npos && equals > 0) continue;
    return fail(ErrorCode::usage, fmt::format("--attribute: \"{}\" is not NAME=VALUE", attribute));
  }
  const bool has_facts =
      !options.email.empty() || !options.groups.empty() || !options.roles.empty() || !options.attributes.empty();
  if (options.user.empty()) {
    if (!has_facts) return std::nullopt;
    return fail(ErrorCode::usage, "an end user has an id", "name one: --user ID");
  }
  policy::EndUser user{.id = options.user, .groups = {}, .email = options.email, .roles = {}, .attributes = {}};
  if (!options.groups.empty()) user.groups = options.groups;
  if (!options.roles.empty()) user.roles = options.roles;
  if (!options.attributes.empty()) user.attributes = options.attributes;
  return user;
}

int exit_of(const Verdict& verdict) {
  if (!verdict.code) return 0;
  const bool asks = verdict.code == model::RefusalCode::approval_required;
  return exit_code(asks ? ErrorCode::needs_person : ErrorCode::forbidden);
}

}  // namespace

Outcome explain_call(const PoliciesExplain& options, Context& context) {
  if (options.method.empty() || options.url.empty()) {
    return fail(ErrorCode::usage, options.method.empty() ? "METHOD is missing" : "URL is missing",
                "name a call, or all calls of a run with --run RUN");
  }
  if (options.changed) return fail(ErrorCode::usage, "--changed is about the calls of a run", "add --run RUN");
  auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const policy::Evaluator evaluator{std::move(*project)};
  const auto user = user_of(options);
  if (!user) return std::unexpected(user.error());
  const auto arguments = arguments_of(options.arguments, context);
  if (!arguments) return std::unexpected(arguments.error());
  std::optional<policy::JsonArguments<Json>> view;
  if (*arguments) view.emplace(**arguments);
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  const auto verdict = policy::explain(evaluator, options.method, options.url, *user, now, view ? &*view : nullptr);
  const output::Card card{.text = card_of(verdict, options, context.terminal.colour_out),
                          .name = outcome(verdict),
                          .json = json_of(verdict, options)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return options.check ? exit_of(verdict) : 0;
}

}  // namespace runagents::cli
