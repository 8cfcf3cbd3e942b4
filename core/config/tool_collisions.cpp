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

/// Remembers the first tool under each key; the tool that was there before, if any.
class Register {
 public:
  const Tool* enter(const std::string& key, const Tool& tool) { return &*tools_.try_emplace(key, &tool).first->second; }

 private:
  std::map<std::string, const Tool*> tools_;
};

}  // namespace

void check_tools(const Value& table, const model::Project& project) {
  Register by_variable;
  Register by_target;
  const auto members = table.members();
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& tool = project.tools[i];
    for (const auto& variable : variables(tool)) {
      const auto* other = by_variable.enter(variable, tool);
      if (other == &tool) continue;
      members[i].report_at_key("would share the variable " + variable + " with tool \"" + other->name + "\"");
      break;
    }
    const auto& url = tool.base_url;
    if (url.host.empty()) continue;
    const auto* other = by_target.enter(url.host + " " + std::to_string(url.port) + url.path, tool);
    const auto value = members[i].member("base_url");
    if (other != &tool && value) {
      value->report("has the same host, port and path as tool \"" + other->name + "\"");
    }
  }
}

}  // namespace runagents::config
