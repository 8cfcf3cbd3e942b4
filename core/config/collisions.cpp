#include <algorithm>
#include <array>
#include <map>

#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

using model::Tool;

/// "stripe-api" becomes "STRIPE_API", as in the agent's environment.
std::string variable_part(std::string_view name) {
  std::string result{name};
  std::ranges::transform(result, result.begin(), [](char c) {
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  });
  return result;
}

/// The two names under which an agent finds a tool. Each has to be told apart from both names of every other tool:
/// "x-url" in one spelling is "url-x" in the other.
std::array<std::string, 2> variables(const Tool& tool) {
  const auto part = variable_part(tool.name);
  return {"TOOL_" + part + "_URL", "TOOL_URL_" + part};
}

/// Remembers who was first to claim something. All claims of one thing stay in force.
template <class Thing>
class Register {
 public:
  /// The thing that was first: `thing` itself, when nobody was before.
  const Thing& claim(const std::string& what, const Thing& thing) {
    return *things_.try_emplace(what, &thing).first->second;
  }

 private:
  std::map<std::string, const Thing*> things_;
};

void report_shared(const Value& value, const std::string& variable, std::string_view what, const std::string& other) {
  value.report_at_key("would share the variable " + variable + " with " + std::string{what} + " \"" + other + "\"");
}

void check_variables(const Value& value, const Tool& tool, Register<Tool>& claims) {
  for (const auto& variable : variables(tool)) {
    const auto& first = claims.claim(variable, tool);
    if (&first != &tool) return report_shared(value, variable, "tool", first.name);
  }
}

void check_target(const Value& value, const Tool& tool, Register<Tool>& claims) {
  const auto& url = tool.base_url;
  if (url.host.empty()) return;
  const auto& first = claims.claim(url.host + " " + std::to_string(url.port) + url.path, tool);
  const auto member = value.member("base_url");
  if (member && &first != &tool) member->report("has the same host, port and path as tool \"" + first.name + "\"");
}

/// A connection that is not looked into belongs to one tool: what is inside would pass by the rules of another.
void check_server(const Value& value, const Tool& tool, const std::vector<Tool>& tools) {
  const bool is_known = !tool.base_url.host.empty() && tool.base_url.port != 0;
  if (!is_known || (tool.kind != model::ToolKind::tcp && tool.tls != model::Tls::passthrough)) return;
  const auto member = value.member("base_url");
  for (const auto& other : tools) {
    const bool is_same_server = other.base_url.host == tool.base_url.host && other.base_url.port == tool.base_url.port;
    if (!member || &other == &tool || !is_same_server) continue;
    member->report("is the server of the tool \"" + other.name + "\", too, and nobody looks into these connections",
                   "leave one of the two out");
  }
}

}  // namespace

void check_tools(const Value& table, const model::Project& project) {
  Register<Tool> variable_claims;
  Register<Tool> target_claims;
  const auto members = table.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    check_variables(members[i], project.tools[i], variable_claims);
    check_target(members[i], project.tools[i], target_claims);
    check_server(members[i], project.tools[i], project.tools);
  }
}

void check_roles(const Value& table, const model::Project& project) {
  Register<model::Model> claims;
  const auto members = table.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto variable = "LLM_MODEL_" + variable_part(project.models[i].role);
    const auto& first = claims.claim(variable, project.models[i]);
    if (&first != &project.models[i]) report_shared(members[i], variable, "role", first.role);
  }
}

}  // namespace runagents::config
