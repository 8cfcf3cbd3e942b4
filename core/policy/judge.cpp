#include <algorithm>

#include "core/policy/binding.hpp"
#include "core/policy/compiled.hpp"
#include "core/policy/search.hpp"

namespace runagents::policy {
namespace {

/// What a rule denies comes before what no rule allows, so that the answer names the rule.
int strictness(const Decision& decision) noexcept {
  switch (decision.permission) {
    case model::Permission::allow:
      return 0;
    case model::Permission::approval_required:
      return 1;
    case model::Permission::deny:
      return decision.policy == nullptr ? 2 : 3;
  }
  return 2;
}

}  // namespace

std::string_view word(Side side) noexcept { return side == Side::agent ? "agent" : "user"; }

Decision Evaluator::Compiled::judge(const Operation& operation, const model::Capability* capability,
                                    Purpose purpose) const noexcept {
  if (operation.tool == nullptr) return {};
  if (is_stored) return judge_stored(operation, purpose);
  const auto index = index_of(operation.tool);
  if (index == none) return {};
  const auto& tool = tools[index];
  ToolView view{.numbers = {index, none}, .origin = tool.origin, .tags = &tool.tags};
  if (capability != nullptr) {
    view.capability_tags =
        &tool.capability_tags[static_cast<std::size_t>(capability - operation.tool->capabilities.data())];
  }
  if (!judges_sides) return search(operation, view, std::nullopt, purpose);
  auto complete = operation;
  complete.agent = project.agent.name;
  if (!project.agent.account.empty()) complete.account = AgentAccount{{}, project.agent.account};
  return judge(complete, view, purpose);
}

Decision Evaluator::Compiled::judge_stored(const Operation& operation, Purpose purpose) const {
  Tags known;
  for (const auto& tag : operation.tool->risk_tags) {
    if (const auto number = tags.number(tag); number != none) known.push_back(number);
  }
  std::ranges::sort(known);
  const auto number_of_name = [this](std::string_view name) {
    const auto found = named_tools.find(name);
    return found == named_tools.end() ? none : found->second;
  };
  const auto& base = operation.tool->base_url;
  const auto origin = origin_of.find(origin_key(base.scheme, base.host, base.port));
  return judge(operation,
               {.numbers = {number_of_name(operation.tool->name), number_of_name(operation.tool_id)},
                .origin = origin == origin_of.end() ? none : origin->second,
                .tags = &known},
               purpose);
}

Decision Evaluator::Compiled::judge(const Operation& operation, const ToolView& tool, Purpose purpose) const noexcept {
  const bool has_agent = !operation.agent.empty() || operation.account;
  if (!has_agent && !operation.end_user) return {};
  if (!operation.end_user) return search(operation, tool, Side::agent, purpose);
  const auto of_user = search(operation, tool, Side::user, purpose);
  if (!has_agent) return of_user;
  const auto of_agent = search(operation, tool, Side::agent, purpose);
  return strictness(of_user) > strictness(of_agent) ? of_user : of_agent;
}

Decision Evaluator::Compiled::search(const Operation& operation, const ToolView& tool, std::optional<Side> side,
                                     Purpose purpose) const noexcept {
  const auto method = methods.number(operation.method);
  Search search(rules, buckets, operation, tool, side, purpose == Purpose::foresee);
  search.look_in(places[everywhere], method);
  for (const auto number : tool.numbers) {
    if (number != none) search.look_in(places[tool_places[number]], method);
  }
  if (tool.origin != none) {
    origins[tool.origin].walk(operation.path, [&](const PathTrie::Node& node, PathTrie::Rest rest) {
      if (rest != PathTrie::Rest::segments && node.exact != none) search.look_in(places[node.exact], method);
      if (rest != PathTrie::Rest::nothing && node.open != none) search.look_in(places[node.open], method);
      return false;
    });
  }
  return search.decision();
}

}  // namespace runagents::policy
