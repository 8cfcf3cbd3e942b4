#include "cli/policies/policies.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/objects/objects.hpp"
#include "cli/output/print.hpp"
#include "cli/project/project.hpp"

namespace runagents::cli {
namespace {

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

std::string text_of(const model::Scalar& scalar) {
  return std::visit(
      [](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
          return fmt::format("\"{}\"", value);
        } else {
          return fmt::format("{}", value);
        }
      },
      scalar);
}

std::string condition_text(const model::ArgumentCondition& condition) {
  std::string values;
  for (const auto& value : condition.values) values += (values.empty() ? "" : ", ") + text_of(value);
  return fmt::format("{} {} {}", condition.field, word(condition.op), values);
}

std::string card_of(const model::Policy& policy) {
  auto card = output::labelled({{"policy", policy.name}, {"subjects", joined(policy.subjects)}}) + "\n";
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    card += fmt::format("{:>3}  {}\n", i + 1, output::printable(describe(policy.rules[i])));
  }
  for (const auto& rule : policy.approvals) {
    card += fmt::format(
        "     approval {}: {}, for {} unless said otherwise\n",
        rule.name.empty() ? "rule" : output::printable(rule.name),
        rule.approver_groups.empty() ? "by anybody" : output::printable("by " + joined(rule.approver_groups)),
        output::duration(rule.default_duration));
  }
  return card;
}

}  // namespace

std::string describe(const model::Rule& rule) {
  auto text = std::string{word(rule.permission)};
  text += " " + (rule.operations.empty() ? "every operation" : joined(rule.operations));
  if (!rule.tool.empty()) text += " on tool " + rule.tool;
  if (!rule.resource.empty()) text += " on " + rule.resource;
  if (!rule.tags.empty()) text += " tagged " + fmt::format("{}", fmt::join(rule.tags, " or "));
  if (!rule.users.empty()) text += " for " + fmt::format("{}", fmt::join(rule.users, " or "));
  if (!rule.groups.empty()) text += " for members of " + fmt::format("{}", fmt::join(rule.groups, " or "));
  if (rule.when) text += " at certain times";
  for (std::size_t i = 0; i < rule.arguments.size(); ++i) {
    text += (i == 0 ? " where " : " and ") + condition_text(rule.arguments[i]);
  }
  return text;
}

Outcome list_policies(const PoliciesList& options, Context& context) {
  const auto are_stored = means_control_plane(options.config, context);
  if (!are_stored) return std::unexpected(are_stored.error());
  if (*are_stored) return list_objects(policy_kind(), context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  output::Listing listing{.columns = {{"NAME"}, {"RULES"}, {"APPROVALS"}, {.title = "SUBJECTS", .shrinks = true}},
                          .rows = {},
                          .when_empty = "no policies: every call is refused"};
  for (const auto& policy : project->policies) {
    listing.rows.push_back({.cells = {{policy.name},
                                      {std::to_string(policy.rules.size())},
                                      {std::to_string(policy.approvals.size())},
                                      {joined(policy.subjects)}},
                            .name = policy.name,
                            .json = json_of(policy)});
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome get_policy(const PoliciesGet& options, Context& context) {
  const auto are_stored = means_control_plane(options.config, context);
  if (!are_stored) return std::unexpected(are_stored.error());
  if (*are_stored) return get_object(policy_kind(), options.name, context);
  const auto project = load_project(options.config, context);
  if (!project) return std::unexpected(project.error());
  const auto found = std::ranges::find(project->policies, options.name, &model::Policy::name);
  if (found == project->policies.end()) {
    std::vector<std::string> names;
    for (const auto& policy : project->policies) names.push_back(policy.name);
    return fail(ErrorCode::not_found, fmt::format("{} has no policy \"{}\"", project->file.string(), options.name),
                did_you_mean(options.name, names));
  }
  const output::Card card{.text = card_of(*found), .name = found->name, .json = json_of(*found)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace runagents::cli
