#include <algorithm>
#include <functional>
#include <stdexcept>

#include "core/policy/binding.hpp"
#include "core/policy/compiled.hpp"
#include "core/policy/target.hpp"

namespace runagents::policy {
namespace {

/// The configuration reader has parsed every pattern before; one that does not parse now is a broken invariant, and to
/// go on without it could open what it closes.
template <class T>
T parsed(Result<T> result) {
  if (!result) throw std::logic_error(result.error().message);
  return *std::move(result);
}

std::optional<ResourcePattern> resource_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return parsed(parse_resource_pattern(text));
}

bool has_other_spellings(const PathPattern& pattern) {
  return std::ranges::any_of(pattern.segments, [](const PathPattern::Segment& segment) {
    return segment.kind == PathPattern::Kind::literal && (segment.text.empty() || segment.text.contains('%'));
  });
}

std::vector<ArgumentTest> tests_of(const model::Rule& rule) {
  std::vector<ArgumentTest> tests;
  tests.reserve(rule.arguments.size());
  for (const auto& condition : rule.arguments) tests.push_back(parsed(ArgumentTest::compile(condition)));
  return tests;
}

PathPattern literal_pattern(const std::string& base) {
  PathPattern pattern;
  std::optional<std::string_view> rest;
  if (!base.empty()) rest = std::string_view(base).substr(1);
  while (rest) {
    const auto segment = take_segment(*rest, rest);
    pattern.segments.push_back({PathPattern::Kind::literal, std::string(segment)});
  }
  return pattern;
}

}  // namespace

std::uint32_t ByMethod::find(std::uint32_t method) const noexcept {
  const auto at = std::ranges::lower_bound(specific, method, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  return at == specific.end() || at->first != method ? none : at->second;
}

std::uint32_t& ByMethod::slot(std::uint32_t method) {
  if (method == none) return any;
  auto at = std::ranges::lower_bound(specific, method, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  if (at == specific.end() || at->first != method) at = specific.emplace(at, method, none);
  return at->second;
}

bool CompiledRule::is_conditional() const noexcept {
  const bool exact_text_matters =
      permission == model::Permission::allow && resource && has_other_spellings(resource->path);
  return tool != none || !tags.empty() || !rule->users.empty() || !rule->groups.empty() || rule->when ||
         !arguments.empty() || has_subjects || exact_text_matters;
}

std::string origin_key(std::string_view scheme, std::string_view host, std::uint16_t port) {
  return std::string(scheme) + "://" + std::string(host) + ":" + std::to_string(port);
}

Evaluator::Compiled::Compiled(model::Project source) : project(model::with_providers_as_tools(std::move(source))) {
  everywhere = new_place();
  compile_tools();
  judges_sides = std::ranges::any_of(project.policies, names_users);
  compile_policies();
  place_rules();
}

Evaluator::Compiled::Compiled(std::vector<model::Policy> policies) : is_stored(true), judges_sides(true) {
  everywhere = new_place();
  project.policies = std::move(policies);
  compile_policies();
  place_rules();
}

void Evaluator::Compiled::compile_policies() {
  for (const auto& policy : project.policies) {
    const bool is_for_all = std::ranges::find(policy.subjects, "everyone") != policy.subjects.end();
    if (!is_for_all && !judges_sides && !is_bound(policy, project.agent)) continue;
    compile_policy(policy, !is_for_all && judges_sides);
  }
}

std::uint32_t Evaluator::Compiled::index_of(const model::Tool* tool) const noexcept {
  const auto* begin = project.tools.data();
  const auto* end = begin + project.tools.size();
  if (std::less<>{}(tool, begin) || !std::less<>{}(tool, end)) return none;
  return static_cast<std::uint32_t>(tool - begin);
}

std::uint32_t Evaluator::Compiled::new_place() {
  places.emplace_back();
  return static_cast<std::uint32_t>(places.size() - 1);
}

Tags Evaluator::Compiled::intern(const std::vector<std::string>& words) {
  Tags numbers;
  for (const auto& word : words) numbers.push_back(tags.intern(word));
  std::ranges::sort(numbers);
  return numbers;
}

void Evaluator::Compiled::compile_tools() {
  tools.resize(project.tools.size());
  for (std::size_t i = 0; i < project.tools.size(); ++i) {
    const auto& tool = project.tools[i];
    tools[i].tags = intern(tool.risk_tags);
    tool_places.push_back(new_place());
    compile_capabilities(i);
    const bool is_provider = tool.kind == model::ToolKind::llm;
    const bool is_used = std::ranges::find(project.agent.tools, tool.name) != project.agent.tools.end();
    if (!is_used && !is_provider) continue;
    used.push_back(&tool);
    // Neither is called by its URL.
    if (is_provider || tool.kind == model::ToolKind::tcp) continue;
    auto& payload =
        doors[Door{tool.base_url.host, tool.base_url.port}].insert(literal_pattern(tool.base_url.path)).exact;
    if (payload == none) payload = static_cast<std::uint32_t>(i);
  }
}

void Evaluator::Compiled::compile_capabilities(std::size_t index) {
  auto& compiled = tools[index];
  const auto& tool = project.tools[index];
  for (const auto& capability : tool.capabilities) {
    const auto number = static_cast<std::uint32_t>(compiled.capability_tags.size());
    compiled.capability_tags.push_back(intern(capability.risk_tags));
    if (tool.kind == model::ToolKind::mcp) {
      compiled.capability_names.try_emplace(capability.name, number);
      continue;
    }
    compiled.patterns.push_back(parsed(parse_path_pattern(capability.path)));
    auto& node = compiled.capability_paths.insert(compiled.patterns.back());
    auto& set = compiled.patterns.back().open_ended ? node.open : node.exact;
    if (set == none) {
      set = static_cast<std::uint32_t>(compiled.capability_sets.size());
      compiled.capability_sets.emplace_back();
    }
    auto& slot =
        compiled.capability_sets[set].slot(capability.method == "*" ? none : methods.intern(capability.method));
    if (slot == none) slot = number;
  }
}

void Evaluator::Compiled::compile_policy(const model::Policy& policy, bool has_subjects) {
  std::uint32_t number = 0;
  for (const auto& rule : policy.rules) {
    CompiledRule compiled{.permission = rule.permission,
                          .policy = &policy,
                          .rule = &rule,
                          .number = ++number,
                          .tool = none,
                          .tags = intern(rule.tags),
                          .resource = resource_of(rule.resource),
                          .arguments = tests_of(rule),
                          .has_subjects = has_subjects};
    if (!rule.tool.empty()) compiled.tool = number_of(rule.tool);
    rules.push_back(std::move(compiled));
  }
  for (const auto& rule : policy.approvals) approvals.push_back({&policy, &rule, resource_of(rule.resource)});
}

std::uint32_t Evaluator::Compiled::number_of(const std::string& tool) {
  if (!is_stored) {
    const auto index = index_of(project.tool(tool));
    if (index == none) throw std::logic_error("a rule names tool \"" + tool + "\", which does not exist");
    return index;
  }
  const auto [found, is_new] = named_tools.try_emplace(tool, static_cast<std::uint32_t>(named_tools.size()));
  if (is_new) tool_places.push_back(new_place());
  return found->second;
}

void Evaluator::Compiled::place_rules() {
  for (std::uint32_t i = 0; i < rules.size(); ++i) place_rule(i);
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto& base = project.tools[i].base_url;
    const auto origin = origin_of.find(origin_key(base.scheme, base.host, base.port));
    if (origin != origin_of.end()) tools[i].origin = origin->second;
  }
}

void Evaluator::Compiled::place_rule(std::uint32_t rule) {
  auto& compiled = rules[rule];
  if (!compiled.resource) {
    if (compiled.tool == none) return add_to_place(everywhere, rule);
    const auto tool = std::exchange(compiled.tool, none);
    const bool tool_has_tag =
        !is_stored && std::ranges::find_first_of(compiled.tags, tools[tool].tags) != compiled.tags.end();
    if (tool_has_tag) compiled.tags.clear();
    return add_to_place(tool_places[tool], rule);
  }
  const auto& resource = *compiled.resource;
  const auto key = origin_key(resource.scheme, resource.host, resource.port);
  const auto origin = origin_of.try_emplace(key, static_cast<std::uint32_t>(origins.size())).first->second;
  if (origin == origins.size()) origins.emplace_back();
  const auto add_to = [&](std::uint32_t& place) {
    if (place == none) place = new_place();
    add_to_place(place, rule);
  };
  auto& node = origins[origin].insert(resource.path);
  add_to(resource.path.open_ended ? node.open : node.exact);
  if (resource.path.matches_root) add_to(origins[origin].root_path().exact);
}

void Evaluator::Compiled::add_to_place(std::uint32_t place, std::uint32_t rule) {
  const auto add = [&](std::uint32_t method) {
    auto& bucket = places[place].slot(method);
    if (bucket == none) {
      bucket = static_cast<std::uint32_t>(buckets.size());
      buckets.emplace_back();
    }
    add_to_bucket(buckets[bucket], rule);
  };
  const auto& operations = rules[rule].rule->operations;
  if (operations.empty() || std::ranges::find(operations, "*") != operations.end()) return add(none);
  for (const auto& operation : operations) add(methods.intern(operation));
}

void Evaluator::Compiled::add_by_subject(Bucket& bucket, std::uint32_t rule) const {
  if (!bucket.keyed) bucket.keyed = std::make_unique<Bucket::Keyed>();
  const auto add = [&](SubjectKind kind, std::string_view text) {
    bucket.keyed->by_subject[{kind, std::string(text)}].push_back(rule);
  };
  const auto& subjects = rules[rule].policy->subjects;
  if (subjects.empty() && !is_stored) add(SubjectKind::agent, project.agent.name);
  for (const auto& text : subjects) {
    const auto subject = parsed(parse_subject(text));
    add(subject.kind, subject.text);
  }
}

void Evaluator::Compiled::add_to_bucket(Bucket& bucket, std::uint32_t rule) const {
  const auto& compiled = rules[rule];
  if (!compiled.is_conditional()) {
    auto& first = bucket.first[static_cast<std::size_t>(compiled.permission)];
    first = std::min(first, rule);
    return;
  }
  const auto add = [rule](auto& map, const auto& keys) {
    for (const auto& key : keys) map[key].push_back(rule);
  };
  if (compiled.has_subjects) return add_by_subject(bucket, rule);
  const bool is_keyed = !compiled.rule->users.empty() || !compiled.rule->groups.empty() || !compiled.tags.empty() ||
                        compiled.tool != none;
  if (!is_keyed) return bucket.conditional.push_back(rule);
  if (!bucket.keyed) bucket.keyed = std::make_unique<Bucket::Keyed>();
  if (!compiled.rule->users.empty()) return add(bucket.keyed->by_user, compiled.rule->users);
  if (!compiled.rule->groups.empty()) return add(bucket.keyed->by_group, compiled.rule->groups);
  if (!compiled.tags.empty()) return add(bucket.keyed->by_tag, compiled.tags);
  bucket.keyed->by_tool[compiled.tool].push_back(rule);
}

}  // namespace runagents::policy
