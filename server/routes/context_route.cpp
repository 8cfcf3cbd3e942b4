#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/routes/answers.hpp"
#include "server/routes/documents.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, const char*>, 6> parts = {{{"agents", "/agents"},
                                                                       {"tools", "/tools"},
                                                                       {"model_providers", "/model-providers"},
                                                                       {"policies", "/policies"},
                                                                       {"identity_providers", "/identity-providers"},
                                                                       {"approval_requests", "/approvals/requests"}}};

/// A list that is a bare array, or the only array of an object.
Json entries(Json answer) {
  if (!answer.is_object()) return answer;
  for (auto& [name, member] : answer.items()) {
    if (member.is_array()) return std::move(member);
  }
  return Json::array();
}

/// Everything goes through the routes, so that nobody gets more than the lists one by one would give.
Outgoing answer(const Router& router, const Incoming& request) {
  const auto same_caller = [&](const api::Request&) -> Result<Principal> { return request.principal(); };
  Json resources = Json::object();
  Json errors = Json::object();
  Json meta = Json::object();
  for (const auto& [name, path] : parts) {
    const auto part = router.answer({"GET", path, {}, request.request().fields}, same_caller);
    auto json = Json::parse(part.body, nullptr, false);
    if (part.status != 200) {
      errors[name] = json.is_object() ? json.value("error", "") : "";
      continue;
    }
    resources[name] = entries(std::move(json));
    meta[std::string{name} + "_count"] = resources[name].size();
  }
  return json_answer({{"generated_at", model::to_iso8601(model::now())},
                      {"resources", std::move(resources)},
                      {"errors", std::move(errors)},
                      {"meta", std::move(meta)}});
}

}  // namespace

void add_context_route(Router& router) {
  router
      .add("GET", "/context/export", Access::user,
           [&router](const Incoming& request) -> Result<Outgoing> { return answer(router, request); })
      .says("everything that the caller may see");
}

}  // namespace runagents::server
