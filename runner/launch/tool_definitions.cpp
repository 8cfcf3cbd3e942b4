#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "runner/launch/environment.hpp"

namespace runagents::launch {
namespace {

using Json = nlohmann::ordered_json;

/// What the OpenAI API takes as a function's name: ^[a-zA-Z0-9_-]{1,64}$.
constexpr std::size_t longest_name = 64;

/// A capability as a function that a model can call.
struct Function {
  std::string name;
  const model::Tool* tool = nullptr;
  const model::Capability* capability = nullptr;
  std::string path;                     ///< every wildcard has a name: "/v1/files/{file}/{rest}"
  std::vector<std::string> parameters;  ///< those names, in the order of the path
};

std::string identifier(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(out, [](unsigned char c) { return std::isalnum(c) == 0 && c != '_' && c != '-'; }, '_');
  return out;
}

std::string unused_name(std::string wanted, std::set<std::string>& used) {
  wanted.resize(std::min(wanted.size(), longest_name));
  std::string name = wanted;
  for (int number = 2; !used.insert(name).second; ++number) {
    const std::string suffix = "_" + std::to_string(number);
    name = wanted.substr(0, longest_name - suffix.size()) + suffix;
  }
  return name;
}

std::string parameter_of(std::string_view segment, bool is_last, std::set<std::string>& used) {
  if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') {
    return unused_name(identifier(segment.substr(1, segment.size() - 2)), used);
  }
  if (is_last && (segment == "*" || segment == "**")) {
    return unused_name("rest", used);
  }
  return segment == "*" ? unused_name("segment", used) : "";
}

/// Gives every wildcard of the path pattern a name.
void name_wildcards(Function& function) {
  // Taken by the arguments that are not part of the path.
  std::set<std::string> used{"body", "query", "method"};
  std::string_view rest = function.capability->path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    const auto parameter = parameter_of(segment, end == rest.size(), used);
    function.path += "/" + (parameter.empty() ? std::string{segment} : "{" + parameter + "}");
    if (!parameter.empty()) {
      function.parameters.push_back(parameter);
    }
    rest.remove_prefix(end);
  }
}

std::vector<Function> functions_of(const model::Project& project) {
  std::vector<Function> functions;
  std::set<std::string> used;
  for (const auto& name : project.agent.tools) {
    const model::Tool* tool = project.tool(name);
    if (tool == nullptr || tool->kind != model::ToolKind::http) {
      continue;
    }
    for (const auto& capability : tool->capabilities) {
      Function function{.name = unused_name(identifier(tool->name) + "__" + identifier(capability.name), used),
                        .tool = tool,
                        .capability = &capability,
                        .path = {},
                        .parameters = {}};
      name_wildcards(function);
      functions.push_back(std::move(function));
    }
  }
  return functions;
}

bool takes_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "*";
}

Json parameters_of(const Function& function) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const auto& parameter : function.parameters) {
    const bool is_rest = parameter.starts_with("rest") && function.path.ends_with("{" + parameter + "}");
    properties[parameter] = {{"type", "string"},
                             {"description", is_rest ? "the rest of the path" : "a segment of the path"}};
    required.push_back(parameter);
  }
  const std::string& method = function.capability->method;
  if (method == "*") {
    properties["method"] = {{"type", "string"}, {"enum", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}}};
    required.emplace_back("method");
  }
  properties["query"] = {{"type", "object"}, {"description", "query parameters"}};
  if (takes_body(method)) {
    properties["body"] = {{"type", "object"}, {"description", "the request body, sent as JSON"}};
  }
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

std::string description_of(const Function& function) {
  const auto& [tool, capability] = std::pair{function.tool, function.capability};
  std::string text = capability->description.empty() ? tool->description : capability->description;
  text += (text.empty() ? "" : " (") + capability->method + " " + function.path + (text.empty() ? "" : ")");
  return text;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string tool_definitions_json(const model::Project& project) {
  Json definitions = Json::array();
  for (const auto& function : functions_of(project)) {
    definitions.push_back({{"type", "function"},
                           {"function",
                            {{"name", function.name},
                             {"description", description_of(function)},
                             {"parameters", parameters_of(function)}}}});
  }
  return dump(definitions);
}

std::string tool_routes_json(const model::Project& project) {
  Json routes = Json::object();
  for (const auto& function : functions_of(project)) {
    routes[function.name] = {
        {"tool", function.tool->name}, {"method", function.capability->method}, {"path", function.path}};
  }
  return dump(routes);
}

std::string mcp_servers_json(const DoorUrls& doors) {
  Json servers = Json::object();
  for (const auto& [tool, url] : doors.tools) {
    if (tool->kind == model::ToolKind::mcp) servers[tool->name] = {{"type", "http"}, {"url", url}};
  }
  return dump({{"mcpServers", std::move(servers)}});
}

}  // namespace runagents::launch
