#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/http/fetch.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/documents.hpp"
#include "server/routes/management.hpp"
#include "server/service/shape.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds probe_timeout{5};

Json part_of(Document& document, const char* name) {
  const auto found = document.content.find(name);
  return found == document.content.end() ? Json::object() : std::move(*found);
}

Json json_of(Document document) {
  auto& resource = document.resource;
  Json::object_t members;
  members.reserve(9);  // members are copied, with all that is in them, when there is no room
  members.emplace("id", std::move(resource.id));
  members.emplace("name", std::move(resource.name));
  members.emplace("labels", part_of(document, "labels"));
  members.emplace("spec", part_of(document, "spec"));
  members.emplace("status", Json{{"phase", "Pending"}, {"message", ""}});
  members.emplace("version", resource.version);
  members.emplace("created_by", std::move(resource.created_by));
  members.emplace("created_at", model::to_iso8601(resource.created_at));
  members.emplace("updated_at", model::to_iso8601(resource.updated_at));
  return members;
}

Result<Outgoing> list(Documents& documents) {
  auto all = documents.list();
  if (!all) return std::unexpected(std::move(all.error()));
  Json answer = Json::array();
  for (auto& one : *all) answer.push_back(json_of(std::move(one)));
  return json_answer(answer);
}

Result<Outgoing> put(Documents& documents, const Incoming& request, const Json& document, const std::string& name) {
  auto put = documents.put(actor_of(request), document, name);
  if (!put) return std::unexpected(std::move(put.error()));
  return json_answer(json_of(std::move(put->document)), put->is_new ? 201 : 200);
}

/// The path has a name, or the id of a document that exists.
Result<Outgoing> put_at(Documents& documents, const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  const auto known = documents.get(request.parameter(0));
  return put(documents, request, *json, known ? known->resource.name : request.parameter(0));
}

/// The short form of a tool, which programs write, in the long one.
Result<Json> long_form(Json tool) {
  if (tool.contains("spec") || !tool.contains("base_url")) return tool;
  const Json shape = {{"name", "text"},        {"base_url", "url"},
                      {"description", "text"}, {"auth_type", "None|APIKey|OAuth2"},
                      {"port", "port"},        {"scheme", "HTTPS|HTTP"}};
  if (auto fit = check_shape(tool, shape, "tool"); !fit) return std::unexpected(std::move(fit.error()));
  Json spec = Json::object();
  if (tool.contains("description")) spec["description"] = std::move(tool["description"]);
  auto& connection = spec["connection"];
  connection = {{"topology", "External"}, {"baseUrl", std::move(tool["base_url"])}};
  for (const auto* member : {"port", "scheme"}) {
    if (tool.contains(member)) connection[member] = std::move(tool[member]);
  }
  if (tool.contains("auth_type")) connection["authentication"] = {{"type", std::move(tool["auth_type"])}};
  return Json{{"name", tool.value("name", "")}, {"spec", std::move(spec)}};
}

Result<Outgoing> put_tool(Documents& tools, const Incoming& request) {
  auto json = request.json();
  if (!json) return std::unexpected(json.error());
  if (json->contains("credentials")) {
    return fail(ErrorCode::usage, "credentials are not kept with a tool",
                "store them with PUT /secrets/NAME and name them in the tool's secretRef");
  }
  const auto document = long_form(*std::move(json));
  if (!document) return std::unexpected(document.error());
  return put(tools, request, *document, {});
}

/// Whether anything answers there, with whatever status. Nothing of the answer is told.
Result<Outgoing> probe(const std::string& url) {
  if (auto fit = check_shape(url, "url", "url"); !fit) return std::unexpected(std::move(fit.error()));
  const auto began = Clock::now();
  http::FetchRequest request;
  request.url = url;
  request.timeout = probe_timeout;
  const auto answer = http::fetch(request);
  const auto latency = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
  Json json = {{"reachable", answer.has_value()}, {"status_code", nullptr}, {"latency_ms", latency.count()}};
  if (answer) json["status_code"] = answer->status;
  return json_answer(json);
}

Result<Outgoing> probe_named(const Incoming& request) {
  const auto json = request.json();
  if (!json) return std::unexpected(json.error());
  std::string url;
  api::Members members{*json};
  members.text("url", url);
  if (const auto* error = members.error()) return std::unexpected(*error);
  return probe(url);
}

Result<Outgoing> test(Documents& tools, const Incoming& request) {
  const auto tool = tools.get(request.parameter(0));
  if (!tool) return std::unexpected(tool.error());
  const auto url = tool->content.value(Json::json_pointer{"/spec/connection/baseUrl"}, std::string{});
  if (url.empty()) return fail(ErrorCode::usage, "the tool has no \"baseUrl\" to be tested");
  return probe(url);
}

void add_all(Router& router, const std::string& base, const std::string& noun, Documents& documents, AuditLog& audit) {
  router.add("GET", base, Access::developer, [&documents](const Incoming&) { return list(documents); })
      .says("lists what is registered");
  router
      .add("GET", base + "/{}", Access::developer,
           [&documents](const Incoming& request) -> Result<Outgoing> {
             auto found = documents.get(request.parameter(0));
             if (!found) return std::unexpected(std::move(found.error()));
             return json_answer(json_of(*std::move(found)));
           })
      .says("what is registered under a name");
  add_change(router, audit, "PUT", base + "/{}", Access::developer, noun + ".update",
             [&documents](const Incoming& request) { return put_at(documents, request); })
      .says("registers or replaces it");
  add_change(router, audit, "DELETE", base + "/{}", Access::developer, noun + ".delete",
             [&documents](const Incoming& request) -> Result<Outgoing> {
               auto removed = documents.remove(actor_of(request), request.parameter(0));
               if (!removed) return std::unexpected(std::move(removed.error()));
               return Outgoing{200, "{}"};
             })
      .says("forgets it");
}

}  // namespace

void add_document_routes(Router& router, DocumentStores& stores, AuditLog& audit) {
  add_all(router, "/agents", "agent", stores.agents, audit);
  add_all(router, "/tools", "tool", stores.tools, audit);
  add_all(router, "/model-providers", "model_provider", stores.model_providers, audit);
  const auto put_whole = [](Documents& documents) {
    return [&documents](const Incoming& request) -> Result<Outgoing> {
      const auto json = request.json();
      if (!json) return std::unexpected(json.error());
      return put(documents, request, *json, {});
    };
  };
  add_change(router, audit, "POST", "/agents", Access::developer, "agent.create", put_whole(stores.agents))
      .says("registers or replaces an agent by its name");
  add_change(router, audit, "POST", "/model-providers", Access::developer, "model_provider.create",
             put_whole(stores.model_providers))
      .says("registers or replaces a model provider by its name");
  add_change(router, audit, "POST", "/tools", Access::developer, "tool.create", [&stores](const Incoming& request) {
    return put_tool(stores.tools, request);
  }).says("registers or replaces a tool by its name");
  // The server itself makes these requests, to wherever the caller says.
  add_change(router, audit, "POST", "/tools/probe", Access::admin, "tool.probe", probe_named)
      .says("whether anything answers at a URL");
  add_change(router, audit, "POST", "/tools/{}/test", Access::admin, "tool.test", [&stores](const Incoming& request) {
    return test(stores.tools, request);
  }).says("whether anything answers at a tool's URL");
}

}  // namespace runagents::server
