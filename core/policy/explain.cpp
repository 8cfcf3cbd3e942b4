#include <algorithm>
#include <optional>
#include <string>

#include "core/model/routing.hpp"
#include "core/policy/argument.hpp"
#include "core/policy/binding.hpp"
#include "core/policy/condition.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/pattern.hpp"
#include "core/policy/phrase.hpp"
#include "core/policy/target.hpp"
#include "core/policy/upkeep.hpp"

namespace runagents::policy {
namespace {

using model::Permission;
using model::RefusalCode;

bool is_method_token(std::string_view method) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !method.empty() && std::ranges::all_of(method, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.contains(c);
  });
}

std::string time_of_day(std::uint16_t minutes) {
  const auto digits = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return digits(minutes / 60) + ":" + digits(minutes % 60);
}

std::string describe(const model::Condition& condition) {
  constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  std::string text;
  for (std::size_t day = 0; day < days.size(); ++day) {
    if ((condition.days >> day & 1U) != 0) (text += text.empty() ? "" : " ") += days[day];
  }
  if (condition.hours) {
    (text += text.empty() ? "" : " ") += time_of_day(condition.hours->from) + "-" + time_of_day(condition.hours->to);
  }
  return text + " UTC";
}

std::string describe(const model::ArgumentCondition& condition) {
  return condition.field + " " + std::string(word(condition.op));
}

std::string describe(const model::Rule& rule) {
  std::vector<std::string> selectors;
  if (!rule.tool.empty()) selectors.push_back("tool " + rule.tool);
  if (!rule.resource.empty()) selectors.push_back("resource " + rule.resource);
  if (!rule.operations.empty()) selectors.push_back("operations " + joined(rule.operations));
  if (!rule.tags.empty()) selectors.push_back("tags " + joined(rule.tags));
  if (!rule.users.empty()) selectors.push_back("users " + joined(rule.users));
  if (!rule.groups.empty()) selectors.push_back("groups " + joined(rule.groups));
  if (rule.when) selectors.push_back("when " + describe(*rule.when));
  for (const auto& condition : rule.arguments) selectors.push_back("argument " + describe(condition));
  return selectors.empty() ? "every call" : joined(selectors);
}

bool share(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  return std::ranges::find_first_of(left, right) != left.end();
}

/// One rule held against one call, selector by selector.
class Reading {
 public:
  Reading(const model::Rule& rule, const Operation& operation, const model::Capability* capability)
      : rule_(rule), operation_(operation), capability_(capability) {
    if (rule.resource.empty()) return;
    auto parsed = parse_resource_pattern(rule.resource);
    if (parsed) resource_ = *std::move(parsed);
  }

  /// A rule about another tool or another host is of no interest to whoever asks about this call.
  [[nodiscard]] bool is_about_this_tool() const {
    return (rule_.tool.empty() || rule_.tool == operation_.tool->name) &&
           (rule_.resource.empty() || (resource_ && is_at(*resource_, operation_.tool->base_url)));
  }

  /// "matched", or the first selector that failed.
  [[nodiscard]] std::string outcome() const {
    if (resource_ && !path_matches()) return "resource does not match " + std::string(operation_.path);
    if (!operation_matches()) {
      return "operations " + joined(rule_.operations) + " does not include " + std::string(operation_.method);
    }
    if (!tags_match()) return "neither the tool nor the capability has the tag " + joined(rule_.tags);
    const auto users = match_users(rule_, operation_.end_user);
    if (!counts(users, rule_.permission)) return "users " + joined(rule_.users) + user_reason();
    const auto groups = match_groups(rule_, operation_.end_user);
    if (!counts(groups, rule_.permission)) return "groups " + joined(rule_.groups) + group_reason(groups);
    if (rule_.when && !in_force(*rule_.when, operation_.now)) return "not in force at this time";
    if (const auto failed = failed_condition(); !failed.empty()) return failed;
    return groups == Match::unknown ? "matched, since the groups of the end user are not known" : "matched";
  }

 private:
  [[nodiscard]] bool path_matches() const {
    return rule_.permission == Permission::allow ? resource_->path.matches(operation_.path)
                                                 : resource_->path.covers(operation_.path);
  }

  [[nodiscard]] bool operation_matches() const {
    return rule_.operations.empty() || std::ranges::any_of(rule_.operations, [&](std::string_view operation) {
             return operation == "*" || operation == operation_.method;
           });
  }

  [[nodiscard]] bool tags_match() const {
    return rule_.tags.empty() || share(rule_.tags, operation_.tool->risk_tags) ||
           (capability_ != nullptr && share(rule_.tags, capability_->risk_tags));
  }

  /// Which condition on an argument keeps the rule from matching.
  [[nodiscard]] std::string failed_condition() const {
    if (rule_.arguments.empty()) return {};
    if (operation_.tool->kind != model::ToolKind::mcp) return "the call has no arguments";
    std::string unknown;
    for (const auto& condition : rule_.arguments) {
      const auto test = ArgumentTest::compile(condition);
      const auto match = test ? test->match(operation_.arguments) : Match::unknown;
      if (match == Match::no) return "argument " + describe(condition) + " does not hold";
      if (match == Match::unknown && unknown.empty()) {
        unknown = "argument " + describe(condition) + " cannot be evaluated";
      }
    }
    return counts(unknown.empty() ? Match::yes : Match::unknown, rule_.permission) ? std::string{} : unknown;
  }

  [[nodiscard]] std::string user_reason() const {
    if (!operation_.end_user) return ": there is no end user";
    return " does not include the end user";
  }

  [[nodiscard]] std::string group_reason(Match match) const {
    if (!operation_.end_user) return ": there is no end user";
    if (match == Match::unknown) return ": the groups of the end user are not known";
    return ": the end user is in none of them";
  }

  const model::Rule& rule_;
  const Operation& operation_;
  const model::Capability* capability_;
  std::optional<ResourcePattern> resource_;
};

/// The sides on which a policy applies to the call, as words behind its name; nothing when it applies on none.
std::optional<std::string> sides_of(const model::Policy& policy, const model::Project& project,
                                    const Operation& operation) {
  if (std::ranges::none_of(project.policies, names_users)) {
    return is_bound(policy, project.agent) ? std::optional<std::string>{""} : std::nullopt;
  }
  const bool is_for_agent = is_bound(policy, project.agent);
  const auto for_user = operation.end_user ? match_subjects(policy, operation, Side::user) : Match::no;
  if (is_for_agent && for_user != Match::no) return " (agent and user)";
  if (is_for_agent) return " (agent)";
  if (for_user == Match::no) return std::nullopt;
  return for_user == Match::yes ? " (user)" : " (user, as far as is known)";
}

std::vector<std::string> considered_rules(const model::Project& project, const Operation& operation,
                                          const model::Capability* capability) {
  std::vector<std::string> lines;
  for (const auto& policy : project.policies) {
    const auto sides = sides_of(policy, project, operation);
    if (!sides) continue;
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      const auto& rule = policy.rules[i];
      const Reading reading(rule, operation, capability);
      if (!reading.is_about_this_tool()) continue;
      lines.push_back(policy.name + "#" + std::to_string(i + 1) + *sides + "  " + std::string(word(rule.permission)) +
                      "  " + describe(rule) + ": " + reading.outcome());
    }
  }
  return lines;
}

void refuse(Verdict& verdict, RefusalCode code, std::string message, std::string hint = {}) {
  verdict.code = code;
  verdict.message = std::move(message);
  verdict.hint = std::move(hint);
}

void refuse_unregistered(Verdict& verdict, const Evaluator& evaluator, const Target& target) {
  std::string same_host;
  std::string all;
  for (const auto* tool : evaluator.tools()) {
    const auto entry = tool->name + " (" + tool->base_url.to_string() + ")";
    (all += all.empty() ? "" : ", ") += entry;
    if (tool->base_url.host == target.authority.host) (same_host += same_host.empty() ? "" : ", ") += entry;
  }
  const auto& shown = same_host.empty() ? all : same_host;
  refuse(verdict, RefusalCode::tool_not_registered,
         "no tool is registered for " + std::string(without_query(verdict.url)),
         shown.empty() ? "the agent has no tools" : "registered: " + shown);
}

void judge_upkeep(Verdict& verdict, const Evaluator& evaluator, const Operation& operation) {
  verdict.decision = decide_upkeep(evaluator, operation);
  verdict.considered = considered_rules(evaluator.project(), operation, nullptr);
  auto reason = reason_for_policy(evaluator, operation, verdict.decision, verdict.url);
  if (verdict.decision.permission == Permission::deny) {
    return refuse(verdict, RefusalCode::policy_denied, std::move(reason.message), std::move(reason.hint));
  }
  verdict.message = verdict.decision.policy != nullptr
                        ? std::move(reason.message)
                        : std::string(operation.method) + " is allowed, because something may be done with tool " +
                              in_quotes(operation.tool->name);
}

void judge_policy(Verdict& verdict, const Evaluator& evaluator, const Operation& operation) {
  if (operation.tool->kind == model::ToolKind::mcp && is_upkeep(operation.method)) {
    return judge_upkeep(verdict, evaluator, operation);
  }
  verdict.capability = evaluator.capability(operation);
  verdict.decision = evaluator.decide(operation, verdict.capability);
  verdict.considered = considered_rules(evaluator.project(), operation, verdict.capability);
  auto reason = reason_for_policy(evaluator, operation, verdict.decision, verdict.url);
  if (verdict.decision.permission == Permission::deny) {
    return refuse(verdict, RefusalCode::policy_denied, std::move(reason.message), std::move(reason.hint));
  }
  if (verdict.capability == nullptr && !operation.tool->capabilities.empty()) {
    auto missing = reason_for_capability(evaluator, operation, verdict.url);
    return refuse(verdict, RefusalCode::capability_not_declared, std::move(missing.message), std::move(missing.hint));
  }
  verdict.message = std::move(reason.message);
  verdict.hint = std::move(reason.hint);
  if (verdict.decision.permission == Permission::approval_required) verdict.code = RefusalCode::approval_required;
}

/// People and hints also name the built-in tools, which no request can do by URL.
TargetResult<Target> target_of(std::string_view url) {
  constexpr std::string_view builtin = "builtin://";
  if (!url.starts_with(builtin)) return parse_target(url);
  auto target = parse_target("http://" + std::string(url.substr(builtin.size())));
  if (target) {
    target->scheme = "builtin";
    target->authority.port = 0;
  }
  return target;
}

/// Models have small letters or digits in their names, methods of HTTP do not.
bool may_name_model(std::string_view word) noexcept {
  return std::ranges::any_of(word, [](char c) { return (c < 'A' || c > 'Z') && c != '-'; });
}

/// The provider of models that is called at this URL.
const model::Tool* provider_at(const Evaluator& evaluator, const Target& target) {
  const auto providers = evaluator.upstreams().last(evaluator.project().providers.size());
  const auto found = std::ranges::find_if(providers, [&target](const model::Tool* provider) {
    const auto& base = provider->base_url;
    return base.scheme == target.scheme && base.host == target.authority.host && base.port == target.authority.port &&
           below_base(target.path, base.path);
  });
  return found == providers.end() ? nullptr : *found;
}

/// A method that HTTP does not forward, or that servers would read differently.
TargetResult<void> check_method(std::string_view method) {
  if (!is_method_token(method)) {
    return std::unexpected(TargetError{RefusalCode::bad_request, "the method is not a token of HTTP"});
  }
  if (is_refused_method(method)) {
    return std::unexpected(
        TargetError{RefusalCode::method_not_allowed, "method " + std::string(method) + " is never forwarded"});
  }
  return check_method_case(method);
}

}  // namespace

Verdict explain(const Evaluator& evaluator, std::string_view method, std::string_view url,
                std::optional<EndUser> end_user, std::chrono::sys_seconds now, const Arguments* arguments) {
  Verdict verdict;
  const auto target = target_of(url);
  const auto* tool =
      target ? evaluator.identify(target->authority.host, target->authority.port, target->path) : nullptr;
  const auto* provider = target && may_name_model(method) ? provider_at(evaluator, *target) : nullptr;
  if (provider != nullptr && (tool == nullptr || tool->kind != model::ToolKind::mcp)) {
    verdict.url = target->to_string();
    verdict.tool = provider;
    const auto& project = evaluator.project();
    Operation operation{.tool = provider, .method = method, .path = target->path, .end_user = end_user, .now = now};
    if (is_named(project, *project.provider(provider->name), method)) operation.unmatched = Permission::allow;
    judge_policy(verdict, evaluator, operation);
    return verdict;
  }
  const bool is_at_mcp = tool != nullptr && tool->kind == model::ToolKind::mcp;
  if (const auto sound = check_method(method); !sound && !is_at_mcp) {
    refuse(verdict, sound.error().code, sound.error().message);
    return verdict;
  }
  if (!target) {
    refuse(verdict, target.error().code, target.error().message);
    return verdict;
  }
  verdict.url = target->to_string();
  if (tool == nullptr || tool->base_url.scheme != target->scheme) {
    refuse_unregistered(verdict, evaluator, *target);
    return verdict;
  }
  verdict.tool = tool;
  if (!is_endpoint(*tool, target->path)) {
    refuse(verdict, RefusalCode::tool_not_registered, not_endpoint(*tool, without_query(verdict.url)));
    return verdict;
  }
  if (target->encoded_slash && !tool->allow_encoded_slash) {
    refuse(verdict, RefusalCode::ambiguous_target, "the path holds an encoded slash (%2F)",
           "if this is an ordinary character for tool " + in_quotes(tool->name) + ", set allow_encoded_slash = true");
    return verdict;
  }
  Operation operation{.tool = tool, .method = method, .path = target->path, .end_user = end_user, .now = now};
  operation.arguments = arguments;
  judge_policy(verdict, evaluator, operation);
  return verdict;
}

}  // namespace runagents::policy
