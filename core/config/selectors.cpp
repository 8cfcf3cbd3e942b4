#include "core/config/selectors.hpp"

#include <algorithm>
#include <set>

#include "core/config/membership.hpp"
#include "core/config/method.hpp"
#include "core/config/references.hpp"
#include "core/model/routing.hpp"
#include "core/policy/pattern.hpp"

namespace runagents::config {
namespace {

std::vector<std::string> selected_tools(const std::optional<Value>& tools) {
  if (!tools) return {};
  if (tools->node().type == Node::Type::text) return {tools->text()};
  return tools->texts();
}

/// Whether a rule with this selector can concern a tool of kind `mcp`; an unknown name may be anything.
bool can_concern_mcp(const std::vector<std::string>& selected, const model::Project& project) {
  const auto is_selected = [&](const model::Tool& tool) { return selected.empty() || is_among(tool.name, selected); };
  const auto is_unknown = [&](const std::string& name) {
    return project.tool(name) == nullptr && project.provider(name) == nullptr;
  };
  return std::ranges::any_of(selected, is_unknown) || std::ranges::any_of(project.tools, [&](const model::Tool& tool) {
           return is_selected(tool) && tool.kind == model::ToolKind::mcp;
         });
}

/// Whether it can concern nothing else: then a name is a name, also one that looks like a method ("search").
bool concerns_mcp_only(const std::vector<std::string>& selected, const model::Project& project) {
  const auto is_mcp = [&](const std::string& name) {
    const auto* tool = project.tool(name);
    return tool != nullptr && tool->kind == model::ToolKind::mcp;
  };
  return !selected.empty() && std::ranges::all_of(selected, is_mcp);
}

/// Whether the word can be a model that a rule with this selector concerns.
bool may_be_model(std::string_view word, const std::vector<std::string>& selected, const model::Project& project) {
  const auto knows = [&](const model::Provider& provider) {
    return provider.models.empty() || model::is_named(project, provider, word);
  };
  return word != "*" && std::ranges::any_of(project.providers, [&](const model::Provider& provider) {
           return (selected.empty() || is_among(provider.name, selected)) && knows(provider);
         });
}

bool concerns_providers_only(const std::vector<std::string>& selected, const model::Project& project) {
  return !selected.empty() && std::ranges::all_of(selected, [&](const std::string& name) {
    return project.provider(name) != nullptr && project.tool(name) == nullptr;
  });
}

void report_no_model(const Value& operation, const std::vector<std::string>& selected, const model::Project& project) {
  std::vector<std::string_view> models;
  for (const auto& provider : project.providers) {
    if (is_among(provider.name, selected)) models.insert(models.end(), provider.models.begin(), provider.models.end());
  }
  operation.report("is no model of the provider", did_you_mean(operation.text(), models));
}

std::vector<std::string_view> tags_of(const model::Project& project) {
  std::set<std::string_view> tags;
  for (const auto& provider : project.providers) {
    tags.insert(provider.upstream.risk_tags.begin(), provider.upstream.risk_tags.end());
  }
  for (const auto& tool : project.tools) {
    tags.insert(tool.risk_tags.begin(), tool.risk_tags.end());
    for (const auto& capability : tool.capabilities) {
      tags.insert(capability.risk_tags.begin(), capability.risk_tags.end());
    }
  }
  return {tags.begin(), tags.end()};
}

}  // namespace

void check_resource(const Value& value) {
  const auto pattern = policy::parse_resource_pattern(value.text());
  if (!pattern) value.report(pattern.error().message, pattern.error().hint);
}

void check_tool_name(const Value& value) {
  value.reading().later([value](const model::Project& project) {
    auto names = names_of(project.tools);
    std::ranges::copy(names_of(project.providers), std::back_inserter(names));
    check_reference(value, "tool", names);
  });
}

void check_tool_names(const Value& list) {
  for (const auto& item : list.items()) check_tool_name(item);
}

void check_operations(const Value& list, const std::optional<Value>& tools) {
  list.reading().later([list, tools](const model::Project& project) {
    const auto selected = selected_tools(tools);
    const bool any_name = can_concern_mcp(selected, project);
    const bool only_names = concerns_mcp_only(selected, project);
    const bool only_models = concerns_providers_only(selected, project);
    for (const auto& item : list.items()) {
      // So are connections called whose bytes are passed on: tools of kind "tcp", TLS that is passed through.
      const bool is_http = is_method(item.text()) || item.text() == "CONNECT";
      const bool is_name = item.text() != "*" && (only_names || !is_method_in_wrong_case(item.text()));
      if (may_be_model(item.text(), selected, project)) continue;
      if (!only_models && (is_http || (any_name && is_name))) continue;
      if (item.text() == "*") {
        item.report("is not an operation", R"(leave "operations" out to match every operation)");
      } else if (only_models) {
        report_no_model(item, selected, project);
      } else {
        item.report("must be an HTTP method in upper case, or the name of an MCP tool", suggest_method(item.text()));
      }
    }
  });
}

void check_arguments(const Value& list, const std::optional<Value>& tool) {
  list.reading().later([list, tool](const model::Project& project) {
    if (can_concern_mcp(selected_tools(tool), project)) return;
    list.report_at_key("is about the arguments of MCP tools, and this rule can concern no tool of kind \"mcp\"");
  });
}

void check_tags(const Value& list) {
  list.reading().later([list](const model::Project& project) {
    const auto tags = tags_of(project);
    for (const auto& item : list.items()) {
      if (is_among(item.text(), tags)) continue;
      const auto suggestion = did_you_mean(item.text(), tags);
      if (!suggestion.empty()) item.report("is a tag of no tool and no capability", suggestion);
    }
  });
}

}  // namespace runagents::config
