#include "cli/policies/suggestion.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <optional>

#include "cli/policies/suggestion_names.hpp"
#include "core/config/control.hpp"
#include "core/config/method.hpp"
#include "core/config/words.hpp"
#include "core/model/routing.hpp"
#include "core/policy/binding.hpp"
#include "core/policy/evaluator.hpp"
#include "core/policy/generalise.hpp"
#include "core/policy/pattern.hpp"
#include "core/policy/target.hpp"
#include "core/policy/upkeep.hpp"

namespace runagents::cli {
namespace {

using enum model::RefusalCode;
using model::Permission;
using model::ToolKind;

constexpr std::size_t max_examples = 3;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// Of HTTP, and of MCP what only looks.
bool is_read(std::string_view operation) {
  constexpr std::array<std::string_view, 10> reads = {"GET",
                                                      "HEAD",
                                                      "OPTIONS",
                                                      "resources/read",
                                                      "resources/list",
                                                      "resources/templates/list",
                                                      "prompts/get",
                                                      "prompts/list",
                                                      "completion/complete",
                                                      "roots/list"};
  return is_one_of(operation, reads);
}

/// Not empty, and without control characters, those of C1 (C2 80 to C2 9F) included.
bool is_plain(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (config::is_control(text[i]) || is_c1) return false;
  }
  return !text.empty();
}

enum class Need : std::uint8_t { yes, only_if_asked, no };

/// Whether the run needed a call that did not come through.
Need need_of_refused(const RecordedCall& call) {
  const auto code = model::refusal_code(call.code);
  const auto stage = code ? model::traits(*code).stage : std::string_view{};
  if (!call.would_code.empty()) {
    if (code == address_blocked) return Need::only_if_asked;
    return stage == "forward" || stage == "limits" ? Need::yes : Need::no;
  }
  if (!call.was_judged() || code == approval_rejected) return Need::no;
  const auto judgement = call.judgement();
  const bool is_stopped = judgement && judgement != approval_required;
  return is_stopped || stage == "approval" ? Need::only_if_asked : Need::yes;
}

Need need_of(const RecordedCall& call) { return call.decision == "refused" ? need_of_refused(call) : Need::yes; }

/// Calls that become one rule, but for their paths.
struct Use {
  std::string tool;
  std::string operation;
  Permission permission = Permission::allow;
  const config::Node* like = nullptr;
  std::string reason;  ///< of an approval

  auto operator<=>(const Use&) const = default;
};

struct Uses {
  std::map<std::string, std::uint64_t> paths;  ///< how often each was called
  std::string origin;                          ///< "https://api.example.com"; empty: paths mean nothing
  std::string base_path;
};

class Suggesting {
 public:
  Suggesting(const model::Project& project, const config::Node& document, bool include_refused)
      : project_{project}, evaluator_{project}, document_{document}, include_refused_{include_refused} {}

  Suggestion run(std::span<const RecordedCall> calls) && {
    for (const auto& call : calls) take(call);
    for (const auto& [use, uses] : uses_) write(use, uses);
    tell_what_is_left_out();
    for (auto& tool : tools_) result_.tools.push_back(std::move(tool));
    return std::move(result_);
  }

 private:
  void take(const RecordedCall& call) {
    constexpr std::string_view name_only = "dns://";
    if (call.url.starts_with(name_only)) {
      looked_up_.insert(call.url.substr(name_only.size()));
      return;
    }
    const auto need = need_of(call);
    if (need == Need::no || (need == Need::only_if_asked && !include_refused_)) {
      const auto& code = call.code;
      ++refused_[fmt::format("{} {} ({}{})", fmt::join(call.operations(), ", "), call.place(), code,
                             need == Need::only_if_asked ? "; --include-refused counts it" : "")];
      return;
    }
    if (call.is_of_model) {
      if (project_.provider(call.tool) == nullptr) return leave_out(call, "its provider is not in the project");
      return add(call, *evaluator_.provider(call.tool), {});
    }
    const auto target = policy::parse_target(call.place());
    if (const auto* tool = project_.tool(call.tool); tool != nullptr) return add(call, *tool, path_of(call, target));
    if (!target || call.method == "CONNECT") return leave_out(call, "only the host is known");
    const auto* registered = evaluator_.identify(target->authority.host, target->authority.port, target->path);
    if (registered != nullptr && registered->base_url.scheme == target->scheme) {
      return add(call, *registered, target->path);
    }
    add_to_host(call, *target);
  }

  /// Of a tool that is built in there is no URL that the target's rules read.
  static std::string path_of(const RecordedCall& call, const policy::TargetResult<policy::Target>& target) {
    if (target) return target->path;
    const auto place = call.place();
    const auto authority = place.find("://");
    const auto slash = authority == std::string::npos ? authority : place.find('/', authority + 3);
    return slash == std::string::npos ? "/" : place.substr(slash);
  }

  void leave_out(const RecordedCall& call, std::string_view why) {
    ++refused_[fmt::format("{} {} ({})", fmt::join(call.operations(), ", "), call.place(), why)];
  }

  void add(const RecordedCall& call, const model::Tool& tool, const std::string& path) {
    if (call.is_of_model && call.policy.empty() && !call.judgement()) return needed(call);  // the project names it
    auto& known = tool_named(tool.name);
    ++known.calls;
    for (const auto& operation : call.operations()) {
      if (tool.kind == ToolKind::mcp && policy::is_upkeep(operation)) continue;
      if (!may_stand_in_rule(tool, operation)) {
        leave_out(call, "its name cannot stand in a rule");
        continue;
      }
      auto& uses = uses_[use_of(call, tool, operation)];
      const bool has_paths = tool.kind == ToolKind::http && operation != "CONNECT";
      if (!has_paths) {
        ++uses.paths[""];
        continue;
      }
      uses.origin = origin_of(tool.base_url);
      uses.base_path = tool.base_url.path;
      ++uses.paths[path];
    }
    needed(call);
  }

  /// Whether the configuration takes the word as an operation of the tool.
  [[nodiscard]] bool may_stand_in_rule(const model::Tool& tool, const std::string& operation) const {
    switch (tool.kind) {
      case ToolKind::mcp:
        return operation != "*" && is_plain(operation) &&
               (tool.capabilities.empty() || config::is_capability_name(operation));
      case ToolKind::llm: {
        const auto& provider = *project_.provider(tool.name);
        return operation != "*" && is_plain(operation) &&
               (provider.models.empty() || model::is_named(project_, provider, operation));
      }
      default:
        return operation == "CONNECT" || config::is_method(operation);
    }
  }

  /// The host becomes a tool.
  void add_to_host(const RecordedCall& call, const policy::Target& target) {
    if (!config::is_method(call.method)) return leave_out(call, "its method cannot stand in a rule");
    const model::BaseUrl base{target.scheme, target.authority.host, target.authority.port, {}};
    const auto url = base.to_string();
    auto& name = hosts_[url];
    if (name.empty()) {
      name = tool_name_for(target.authority.host, taken_names());
      auto& fresh = tool_named(name);
      fresh.is_new = true;
      fresh.base_url = url;
    }
    auto& known = tool_named(name);
    ++known.calls;
    if (call.status == 401 || call.status == 403) note(known, "It answered 401 or 403: auth = { ... } may be missing.");
    if (call.code == "ADDRESS_BLOCKED") {
      note(known, "It is at an internal address, or this machine: network = \"private\" lets calls go there.");
    }
    Use use{.tool = name, .operation = call.method, .reason = {}};
    if (!is_read(call.method)) {
      use.permission = Permission::approval_required;
      use.reason = "it may change something";
    }
    auto& uses = uses_[use];
    uses.origin = url;
    ++uses.paths[target.path];
    needed(call);
  }

  void needed(const RecordedCall& call) { result_.needed.push_back(&call); }

  Use use_of(const RecordedCall& call, const model::Tool& tool, const std::string& operation) {
    Use use{.tool = tool.name, .operation = operation, .reason = {}};
    const auto judgement = call.judgement();
    if (judgement == policy_denied && !call.policy.empty()) {
      result_.overruled.emplace(call.policy, call.rule);
      use.reason = fmt::format("{}#{} denied it, and would have to go", call.policy, call.rule);
    } else if (judgement == approval_required) {
      use.reason = "a person is asked today, too";
    } else if (tool.kind == ToolKind::http && operation != "CONNECT" && !is_read(operation)) {
      use.reason = "it may change something";
    } else if (judgement && !is_read(operation)) {
      use.reason = "nothing says that it only reads";
    }
    use.permission = use.reason.empty() ? Permission::allow : Permission::approval_required;
    if (!judgement || judgement == approval_required) use.like = rule_with_conditions(call);
    return use;
  }

  /// The rule of today that let the call pass, where it has conditions that a new one must not lose.
  const config::Node* rule_with_conditions(const RecordedCall& call) const {
    const auto* policies = find_member(document_, "policies");
    const auto* policy = policies == nullptr ? nullptr : find_member(*policies, call.policy);
    const auto* rules = policy == nullptr ? nullptr : find_member(*policy, "rules");
    if (rules == nullptr || call.rule == 0 || call.rule > rules->items.size()) return nullptr;
    const auto& rule = rules->items[call.rule - 1];
    constexpr std::array<std::string_view, 4> conditions = {"users", "groups", "when", "arguments"};
    const bool has_some =
        std::ranges::any_of(conditions, [&rule](auto key) { return find_member(rule, key) != nullptr; });
    return has_some ? &rule : nullptr;
  }

  /// As the evaluator knows it; null: the agent has none of this name.
  [[nodiscard]] const model::Tool* tool_of_agent(const std::string& name) const {
    const auto found = std::ranges::find(evaluator_.tools(), name, &model::Tool::name);
    return found == evaluator_.tools().end() ? nullptr : *found;
  }

  static std::string origin_of(const model::BaseUrl& base) {
    return model::BaseUrl{base.scheme, base.host, base.port, {}}.to_string();
  }

  SuggestedTool& tool_named(const std::string& name) {
    const auto known = std::ranges::find(tools_, name, &SuggestedTool::name);
    if (known != tools_.end()) return *known;
    return tools_.emplace_back(SuggestedTool{.name = name, .base_url = {}, .notes = {}, .capabilities = {}});
  }

  std::vector<std::string> taken_names() const {
    std::vector<std::string> names;
    for (const auto& tool : project_.tools) names.push_back(tool.name);
    for (const auto& provider : project_.providers) names.push_back(provider.name);
    for (const auto& tool : tools_) names.push_back(tool.name);
    return names;
  }

  static void note(SuggestedTool& tool, const std::string& text) {
    if (std::ranges::find(tool.notes, text) == tool.notes.end()) tool.notes.push_back(text);
  }

  void write(const Use& use, const Uses& uses) {
    if (uses.origin.empty()) {
      add_capability_of_mcp(use);
      auto rule = rule_for(use, uses.paths.begin()->second);
      result_.rules.push_back(std::move(rule));
      return;
    }
    std::set<std::string> paths;
    for (const auto& [path, times] : uses.paths) paths.insert(path);
    for (const auto& general : policy::generalise(paths)) {
      std::uint64_t times = 0;
      for (const auto& path : general.paths) {
        times += uses.paths.at(path);
        paths.erase(path);
      }
      auto rule = rule_for(use, times);
      for (const auto& line : describe(general)) rule.why.push_back(line);
      // Of a tool that is built in there is no such URL; its capabilities hold the paths.
      rule.resource = uses.origin + general.pattern;
      if (!policy::parse_resource_pattern(rule.resource)) rule.resource.clear();
      add_capability(use, general, uses.base_path);
      result_.rules.push_back(std::move(rule));
    }
    for (const auto& path : paths) {
      ++refused_[fmt::format("{} {}{} (no pattern holds this path alone)", use.operation, uses.origin, path)];
    }
  }

  static SuggestedRule rule_for(const Use& use, std::uint64_t times) {
    SuggestedRule rule{.permission = use.permission,
                       .tool = use.tool,
                       .operation = use.operation,
                       .resource = {},
                       .like = use.like,
                       .why = {fmt::format("{} call{}", times, times == 1 ? "" : "s")}};
    if (!use.reason.empty()) rule.why.front() += "; a proposal: " + use.reason;
    return rule;
  }

  static std::vector<std::string> describe(const policy::GeneralPath& general) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < general.values.size(); ++i) {
      lines.push_back(fmt::format("{{id{}}} stands for {} different values", i == 0 ? "" : std::to_string(i + 1),
                                  general.values[i]));
    }
    if (general.values.empty()) return lines;
    std::string examples;
    for (std::size_t i = 0; i < std::min(general.paths.size(), max_examples); ++i) examples += " " + general.paths[i];
    lines.push_back("seen:" + examples + (general.paths.size() > max_examples ? " ..." : ""));
    return lines;
  }

  void add_capability(const Use& use, const policy::GeneralPath& general, const std::string& base_path) {
    const auto* tool = tool_of_agent(use.tool);
    const auto is_declared = [&](const std::string& path) {
      return evaluator_.capability({.tool = tool, .method = use.operation, .path = path, .end_user = {}}) != nullptr;
    };
    if (tool != nullptr && std::ranges::all_of(general.paths, is_declared)) return;
    const auto relative = policy::below_base(general.pattern, base_path);
    if (!relative) return;
    auto& known = tool_named(use.tool).capabilities;
    const bool is_there = std::ranges::any_of(
        known, [&](const auto& one) { return one.method == use.operation && one.path == *relative; });
    if (is_there) return;
    std::vector<std::string> names;
    for (const auto& one : known) names.push_back(one.name);
    if (tool != nullptr) {
      for (const auto& one : tool->capabilities) names.push_back(one.name);
    }
    known.push_back({.name = capability_name_for(use.operation, *relative, names),
                     .method = use.operation,
                     .path = std::string{*relative},
                     .why = {}});
  }

  /// A tool that declares none takes every operation; the rules are about this one.
  void add_capability_of_mcp(const Use& use) {
    const auto* tool = project_.tool(use.tool);
    if (tool == nullptr || tool->kind != ToolKind::mcp || tool->capabilities.empty()) return;
    auto& known = tool_named(use.tool).capabilities;
    const auto is_it = [&use](const auto& one) { return one.name == use.operation; };
    if (std::ranges::any_of(tool->capabilities, is_it) || std::ranges::any_of(known, is_it)) return;
    known.push_back({.name = use.operation, .method = {}, .path = {}, .why = {}});
  }

  void tell_what_is_left_out() {
    for (const auto& [what, times] : refused_) {
      result_.left_out.push_back(times == 1 ? what : fmt::format("{} times {}", times, what));
    }
    for (const auto& name : looked_up_) {
      const bool is_called = std::ranges::any_of(hosts_, [&name](const auto& host) {
        const auto target = policy::parse_target(host.first);
        return target && target->authority.host == name;
      });
      if (!is_called) result_.left_out.push_back(name + " (looked up; no call of it is on record)");
    }
  }

  const model::Project& project_;
  const policy::Evaluator evaluator_;
  const config::Node& document_;
  const bool include_refused_;
  std::map<Use, Uses> uses_;
  std::vector<SuggestedTool> tools_;
  std::map<std::string, std::string> hosts_;  ///< names of new tools by their URL
  std::map<std::string, std::uint64_t> refused_;
  std::set<std::string> looked_up_;
  Suggestion result_;
};

}  // namespace

const config::Node* find_member(const config::Node& table, std::string_view key) noexcept {
  const auto found = std::ranges::find(table.members, key, &config::Member::key);
  return found == table.members.end() ? nullptr : &found->value;
}

Suggestion suggest(const model::Project& project, const config::Node& document, std::span<const RecordedCall> calls,
                   bool include_refused) {
  return Suggesting{project, document, include_refused}.run(calls);
}

}  // namespace runagents::cli
