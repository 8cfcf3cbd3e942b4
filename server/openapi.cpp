#include "server/openapi.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"
#include "server/routes/router.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view error_reference = "#/components/responses/Error";
constexpr std::array numbers = {std::string_view{"limit"}, std::string_view{"skip"}, std::string_view{"after_seq"},
                                std::string_view{"wait"}};

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

/// What stands below a collection: an "agent_account" below "agent-accounts".
std::string singular(std::string name) {
  std::ranges::replace(name, '-', '_');
  if (name == "proxy") return "server";
  if (name.ends_with("ies")) return name.replace(name.size() - 3, 3, "y");
  if (name.ends_with("s")) name.pop_back();
  return name;
}

struct Path {
  std::string text;
  std::vector<std::string> parameters;
};

Path named(std::string_view path) {
  Path result;
  std::string before;
  for (auto& segment : segments_of(path)) {
    if (segment == "{}") segment = "{" + singular(before) + "}";
    if (segment.starts_with('{')) result.parameters.push_back(segment.substr(1, segment.size() - 2));
    result.text += "/" + segment;
    before = std::move(segment);
  }
  return result;
}

/// "get_agent_accounts_agent_account": different for each route.
std::string operation_id(std::string_view method, std::string_view path) {
  std::string id = lowered(method);
  for (const char c : path) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (is_plain) id += c;
    if (!is_plain && !id.ends_with('_')) id += '_';
  }
  if (id.ends_with('_')) id.pop_back();
  return id;
}

std::string tag_of(std::string_view path) {
  const auto segments = segments_of(path);
  const bool is_api = segments.size() > 2 && segments[0] == "api";
  return is_api ? segments[2] : "site";
}

Json parameters_of(const RouteFacts& route, const Path& path) {
  Json list = Json::array();
  for (const auto& name : path.parameters) {
    list.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  for (const auto& name : route.query) {
    const bool is_number = std::ranges::find(numbers, name) != numbers.end();
    Json schema = {{"type", is_number ? "integer" : "string"}};
    if (is_number) schema["minimum"] = 0;
    list.push_back({{"name", name}, {"in", "query"}, {"schema", std::move(schema)}});
  }
  if (route.takes_idempotency_key) list.push_back({{"$ref", "#/components/parameters/IdempotencyKey"}});
  return list;
}

bool has_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

std::string_view audience(Access access) {
  switch (access) {
    case Access::anybody:
      return "anybody";
    case Access::any_agent:
      return "users and agent accounts";
    case Access::user:
      return "users";
    case Access::developer:
      return "users with the role developer";
    case Access::admin:
      return "users with the role admin";
    case Access::local:
      break;
  }
  return "nobody";
}

Json security_of(Access access) {
  if (access == Access::anybody) return Json::array();
  Json list = Json::array();
  for (const auto* scheme : {"bearer", "apiKey", "runlayerApiKey"}) list.push_back({{scheme, Json::array()}});
  return list;
}

Json operation_of(const RouteFacts& route, const Path& path) {
  Json operation = {{"operationId", operation_id(route.method, path.text)},
                    {"summary", route.summary},
                    {"description", "For " + std::string{audience(route.access)} + "."},
                    {"tags", {tag_of(path.text)}},
                    {"security", security_of(route.access)}};
  if (auto parameters = parameters_of(route, path); !parameters.empty()) operation["parameters"] = parameters;
  if (has_body(route.method)) {
    const char* type = route.has_form ? "application/x-www-form-urlencoded" : "application/json";
    operation["requestBody"] = {{"content", {{type, {{"schema", {{"type", "object"}}}}}}}};
  }
  operation["responses"] = {{"2XX", {{"description", "done"}}}, {"default", {{"$ref", error_reference}}}};
  return operation;
}

Json error_schema() {
  Json properties;
  for (const auto* name : {"error", "code", "detail", "hint", "request_id"}) properties[name] = {{"type", "string"}};
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", {"error", "detail"}}};
}

Json components() {
  const auto key_in = [](const char* name) { return Json{{"type", "apiKey"}, {"in", "header"}, {"name", name}}; };
  Json key = {{"name", "Idempotency-Key"},
              {"in", "header"},
              {"description", "The same request again gets the same answer, for a day."},
              {"schema", {{"type", "string"}, {"minLength", 1}, {"maxLength", 255}}}};
  Json error = {{"description", "an error"},
                {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
  return {{"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"description", "a token, or an API key"}}},
            {"apiKey", key_in("x-runagents-api-key")},
            {"runlayerApiKey", key_in("x-runlayer-api-key")}}},
          {"schemas", {{"Error", error_schema()}}},
          {"responses", {{"Error", std::move(error)}}},
          {"parameters", {{"IdempotencyKey", std::move(key)}}}};
}

}  // namespace

std::vector<RouteFacts> facts_of(const Router& router, std::string_view base) {
  std::vector<RouteFacts> all;
  for (const auto& route : router.routes()) {
    if (route.access == Access::local) continue;
    RouteFacts facts{.method = route.method,
                     .path = std::string{base},
                     .access = route.access,
                     .summary = std::string{route.summary},
                     .query = {route.query.begin(), route.query.end()},
                     .has_form = route.has_form};
    for (const auto& segment : route.segments) facts.path.append("/").append(segment);
    facts.takes_idempotency_key = route.method == "POST" && route.access != Access::anybody && !route.is_repeatable;
    all.push_back(std::move(facts));
  }
  return all;
}

std::string openapi_document(const std::vector<RouteFacts>& routes, const std::string& url) {
  Json paths = Json::object();
  for (const auto& route : routes) {
    const auto path = named(route.path);
    paths[path.text][lowered(route.method)] = operation_of(route, path);
  }
  const Json document = {{"openapi", "3.1.0"},
                         {"info",
                          {{"title", "RunAgents control plane"},
                           {"version", RUNAGENTS_VERSION},
                           {"description", "Every GET can be a HEAD. Names are taken wherever an id is."}}},
                         {"servers", {{{"url", url}}}},
                         {"paths", std::move(paths)},
                         {"components", components()}};
  return document.dump();
}

}  // namespace runagents::server
