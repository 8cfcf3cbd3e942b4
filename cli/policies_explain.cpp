#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "cli/policies.hpp"
#include "cli/project.hpp"
#include "core/policy/evaluator.hpp"

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

int exit_of(const Verdict& verdict) {
  if (!verdict.code) return 0;
  const bool asks = verdict.code == model::RefusalCode::approval_required;
  return exit_code(asks ? ErrorCode::needs_person : ErrorCode::forbidden);
}

}  // namespace

Outcome explain_call(const PoliciesExplain& options, Context& context) {
  auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const policy::Evaluator evaluator{std::move(*project)};
  std::optional<policy::EndUser> user;
  if (!options.user.empty()) {
    user = policy::EndUser{.id = options.user, .groups = {}};
    if (!options.groups.empty()) user->groups = options.groups;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(context.now());
  const auto verdict = policy::explain(evaluator, options.method, options.url, user, now);
  const output::Card card{.text = card_of(verdict, options, context.terminal.colour_out),
                          .name = outcome(verdict),
                          .json = json_of(verdict, options)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return options.check ? exit_of(verdict) : 0;
}

}  // namespace runagents::cli
