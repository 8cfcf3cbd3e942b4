#include "cli/policies/suggestion_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

#include <nlohmann/json.hpp>

#include "cli/policies/toml_text.hpp"
#include "core/policy/binding.hpp"

namespace runagents::cli {
namespace {

using config::Node;

constexpr std::size_t max_left_out = 40;

/// What an agent said cannot end the comment.
std::string comment(std::string_view text) {
  const auto quoted = toml_string(text);
  return "# " + quoted.substr(1, quoted.size() - 2) + "\n";
}

Node text_node(std::string_view text) {
  Node node;
  node.type = Node::Type::text;
  node.text = text;
  return node;
}

Node list_node() {
  Node node;
  node.type = Node::Type::list;
  return node;
}

std::string line(std::string_view key, std::string_view value) {
  return fmt::format("{} = {}\n", key, toml_string(value));
}

class Writer {
 public:
  Writer(const Suggestion& suggestion, const Node& document, const model::Project& project)
      : suggestion_{suggestion}, document_{document}, project_{project} {}

  std::string run(const model::Run& run) && {
    write_head(run);
    write_rest();
    write_tools();
    write_kept_policies();
    write_rules();
    return std::move(out_);
  }

 private:
  void write_head(const model::Run& run) {
    const auto count = suggestion_.needed.size();
    out_ += fmt::format(
        "# What run {} needed, as its {} call{} show{}. Review each rule: it is what the agent did, not "
        "what it should.\n",
        run.id, count, count == 1 ? "" : "s", count == 1 ? "s" : "");
    out_ += "# Reads are allowed as they were made. What may change something is proposed with an approval.\n";
    if (suggestion_.left_out.empty()) return;
    out_ += "#\n# Not in here:\n";
    const auto shown = std::min(suggestion_.left_out.size(), max_left_out);
    for (std::size_t i = 0; i < shown; ++i) out_ += comment("  " + suggestion_.left_out[i]);
    if (shown < suggestion_.left_out.size()) {
      out_ += fmt::format("#   ... and {} more\n", suggestion_.left_out.size() - shown);
    }
  }

  /// All that is neither tool nor policy, as it stands.
  void write_rest() {
    Node rest = document_;
    std::erase_if(rest.members, [](const auto& member) { return member.key == "tools" || member.key == "policies"; });
    for (auto& member : rest.members) {
      if (member.key == "agent") add_new_tools(member.value);
    }
    const auto text = toml_members(rest, {});
    out_ += (text.starts_with('\n') ? "" : "\n") + text;
  }

  /// An agent that names its tools gets no others.
  void add_new_tools(Node& agent) const {
    for (auto& member : agent.members) {
      if (member.key != "tools" || member.value.items.empty()) continue;
      for (const auto& tool : suggestion_.tools) {
        if (tool.is_new) member.value.items.push_back(text_node(tool.name));
      }
    }
  }

  [[nodiscard]] const SuggestedTool* suggested(std::string_view name) const {
    const auto found = std::ranges::find(suggestion_.tools, name, &SuggestedTool::name);
    return found == suggestion_.tools.end() ? nullptr : &*found;
  }

  void write_tools() {
    if (const auto* tools = find_member(document_, "tools")) {
      for (const auto& member : tools->members) write_tool(member.key, member.value);
    }
    for (const auto& tool : suggestion_.tools) {
      if (!tool.is_new) continue;
      out_ += fmt::format("\n# New: {} call{} to a host that is no tool, without a credential.\n", tool.calls,
                          tool.calls == 1 ? "" : "s");
      for (const auto& note : tool.notes) out_ += comment(note);
      out_ += "[tools." + toml_key(tool.name) + "]\n" + line("base_url", tool.base_url);
      write_capabilities(tool);
    }
  }

  void write_tool(const std::string& name, const Node& table) {
    const auto* use = suggested(name);
    out_ += use == nullptr ? "\n# Not used in this run: no rule allows it.\n" : "\n";
    Node rest = table;
    std::erase_if(rest.members, [](const auto& member) { return member.key == "capabilities"; });
    const auto path = "tools." + toml_key(name);
    out_ += "[" + path + "]\n" + toml_members(rest, path);
    if (const auto* declared = find_member(table, "capabilities")) {
      for (const auto& one : declared->items) out_ += "\n[[" + path + ".capabilities]]\n" + toml_members(one, path);
    }
    if (use != nullptr) write_capabilities(*use);
  }

  void write_capabilities(const SuggestedTool& tool) {
    for (const auto& one : tool.capabilities) {
      out_ += fmt::format("\n{}[[tools.{}.capabilities]]\n", tool.is_new ? "" : "# new\n", toml_key(tool.name));
      out_ += line("name", one.name);
      if (!one.method.empty()) out_ += line("method", one.method) + line("path", one.path);
    }
  }

  /// What would allow more than the run needed goes; what forbids stays, but for what the run needed.
  void write_kept_policies() {
    const auto* policies = find_member(document_, "policies");
    if (policies == nullptr) return;
    for (const auto& member : policies->members) {
      const auto path = "policies." + toml_key(member.key);
      const auto policy = std::ranges::find(project_.policies, member.key, &model::Policy::name);
      const bool is_of_users = policy != project_.policies.end() && policy::names_users(*policy);
      Node kept = member.value;
      if (!is_of_users && !keep_denials(kept, member.key)) continue;
      kept_.push_back(member.key);
      out_ += is_of_users ? "\n# About end users: as it stands.\n" : "\n# Of today's rules, those that deny.\n";
      out_ += "[" + path + "]\n" + toml_members(kept, path);
    }
  }

  /// False: nothing is left of its rules. A policy has some, so its approvers go to the suggested one.
  [[nodiscard]] bool keep_denials(Node& policy, const std::string& name) {
    bool has_some = false;
    for (auto& member : policy.members) {
      if (member.key != "rules") continue;
      std::vector<Node> denials;
      for (std::size_t i = 0; i < member.value.items.size(); ++i) {
        const auto& rule = member.value.items[i];
        const auto* permission = find_member(rule, "permission");
        const bool denies = permission != nullptr && permission->text == "deny";
        const bool is_overruled = suggestion_.overruled.contains({name, static_cast<std::uint32_t>(i + 1)});
        if (denies && !is_overruled) denials.push_back(rule);
      }
      member.value.items = std::move(denials);
      has_some = !member.value.items.empty();
    }
    const auto* approvals = find_member(policy, "approvals");
    if (!has_some && approvals != nullptr) {
      approvals_.items.insert(approvals_.items.end(), approvals->items.begin(), approvals->items.end());
    }
    return has_some;
  }

  void write_rules() {
    std::string name = "suggested";
    for (int number = 2; std::ranges::find(kept_, name) != kept_.end(); ++number) {
      name = "suggested-" + std::to_string(number);
    }
    if (suggestion_.rules.empty()) {
      out_ += "\n# No rule is needed: what no rule allows is refused, but for the models that the project names.\n";
      return;
    }
    const auto path = "policies." + name;
    out_ += "\n[" + path + "]\n";
    if (!approvals_.items.empty()) out_ += "approvals = " + toml_value(approvals_) + "\n";
    for (const auto& rule : suggestion_.rules) {
      out_ += "\n";
      for (const auto& why : rule.why) out_ += comment(why);
      out_ += "[[" + path + ".rules]]\n" + line("permission", word(rule.permission)) + line("tool", rule.tool);
      out_ += fmt::format("operations = [{}]\n", toml_string(rule.operation));
      if (!rule.resource.empty()) out_ += line("resource", rule.resource);
      if (rule.like != nullptr) write_conditions(*rule.like);
    }
  }

  void write_conditions(const Node& like) {
    constexpr std::array<std::string_view, 4> conditions = {"users", "groups", "when", "arguments"};
    for (const auto key : conditions) {
      if (const auto* value = find_member(like, key)) out_ += fmt::format("{} = {}\n", key, toml_value(*value));
    }
  }

  const Suggestion& suggestion_;
  const Node& document_;
  const model::Project& project_;
  std::vector<std::string> kept_;
  Node approvals_ = list_node();  ///< of policies of which nothing else is left
  std::string out_;
};

using Json = nlohmann::ordered_json;

Json to_json(const SuggestedTool& tool) {
  Json capabilities = Json::array();
  for (const auto& one : tool.capabilities) {
    Json json{{"name", one.name}};
    if (!one.method.empty()) json.update({{"method", one.method}, {"path", one.path}});
    capabilities.push_back(std::move(json));
  }
  Json json{{"name", tool.name}, {"new", tool.is_new}, {"calls", tool.calls}};
  if (tool.is_new) json["base_url"] = tool.base_url;
  json["capabilities"] = std::move(capabilities);
  json["notes"] = tool.notes;
  return json;
}

Json to_json(const SuggestedRule& rule) {
  Json json{{"permission", word(rule.permission)}, {"tool", rule.tool}, {"operations", Json::array({rule.operation})}};
  if (!rule.resource.empty()) json["resource"] = rule.resource;
  json["why"] = rule.why;
  return json;
}

}  // namespace

std::string configuration_text(const Suggestion& suggestion, const config::Node& document,
                               const model::Project& project, const model::Run& run) {
  return Writer{suggestion, document, project}.run(run);
}

std::string suggestion_json(const Suggestion& suggestion, const model::Run& run, const std::string& configuration) {
  Json tools = Json::array();
  for (const auto& tool : suggestion.tools) tools.push_back(to_json(tool));
  Json rules = Json::array();
  for (const auto& rule : suggestion.rules) rules.push_back(to_json(rule));
  Json overruled = Json::array();
  for (const auto& [policy, rule] : suggestion.overruled) overruled.push_back(fmt::format("{}#{}", policy, rule));
  const Json json{{"run_id", run.id},
                  {"calls", suggestion.needed.size()},
                  {"tools", std::move(tools)},
                  {"rules", std::move(rules)},
                  {"overruled", std::move(overruled)},
                  {"left_out", suggestion.left_out},
                  {"configuration", configuration}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace runagents::cli
