#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/policy/subject.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_depth = 32;

/// The agents and agent accounts that it applies to by name.
Json used_by(const model::Policy& policy) {
  Json list = Json::array();
  for (const auto& text : policy.subjects) {
    const auto subject = policy::parse_subject(text);
    if (!subject) continue;
    if (subject->kind == policy::SubjectKind::agent) list.push_back({{"name", subject->text}, {"kind", "agent"}});
    if (subject->kind == policy::SubjectKind::account) list.push_back({{"name", subject->text}, {"kind", "account"}});
  }
  return list;
}

Json json_of(const StoredPolicy& stored) {
  const auto& resource = stored.resource;
  const bool is_idle = stored.policy.subjects.empty();
  return {{"id", resource.id},
          {"name", resource.name},
          {"spec", Json::parse(resource.document)},
          {"status", {{"ready", true}, {"message", is_idle ? "applies to nobody: it has no subjects" : ""}}},
          {"used_by", used_by(stored.policy)},
          {"version", resource.version},
          {"created_by", resource.created_by},
          {"created_at", model::to_iso8601(resource.created_at)},
          {"updated_at", model::to_iso8601(resource.updated_at)}};
}

Result<Outgoing> list(Policies& policies) {
  const auto all = policies.list();
  if (!all) return std::unexpected(all.error());
  Json answer = Json::array();
  for (const auto& one : *all) answer.push_back(json_of(one));
  return json_answer(answer);
}

Result<Outgoing> get(Policies& policies, const Incoming& request) {
  const auto found = policies.get(request.parameter(0));
  if (!found) return std::unexpected(found.error());
  return json_answer(json_of(*found));
}

Result<Outgoing> put(Policies& policies, const Incoming& request, std::string_view name) {
  const auto json = request.json(max_depth);
  if (!json) return std::unexpected(json.error());
  const auto put = policies.put(actor_of(request), *json, name);
  if (!put) return std::unexpected(put.error());
  return json_answer(json_of(put->stored), put->change == Resources::Change::created ? 201 : 200);
}

/// The path has a name, or the id of a policy that exists.
Result<Outgoing> put_at(Policies& policies, const Incoming& request) {
  const auto known = policies.get(request.parameter(0));
  return put(policies, request, known ? known->resource.name : request.parameter(0));
}

Result<Outgoing> remove(Policies& policies, const Incoming& request) {
  if (auto removed = policies.remove(actor_of(request), request.parameter(0)); !removed) {
    return std::unexpected(std::move(removed.error()));
  }
  return Outgoing{200, "{}"};
}

}  // namespace

void add_policy_routes(Router& router, Policies& policies, AuditLog& audit) {
  router.add("GET", "/policies", Access::developer, [&](const Incoming&) { return list(policies); })
      .says("lists the policies");
  add_change(router, audit, "POST", "/policies", Access::admin, "policy.create", [&](const Incoming& request) {
    return put(policies, request, {});
  }).says("makes or replaces a policy by its name");
  router.add("GET", "/policies/{}", Access::developer, [&](const Incoming& request) { return get(policies, request); })
      .says("a policy");
  add_change(router, audit, "PUT", "/policies/{}", Access::admin, "policy.update", [&](const Incoming& request) {
    return put_at(policies, request);
  }).says("makes or replaces a policy");
  add_change(router, audit, "DELETE", "/policies/{}", Access::admin, "policy.delete", [&](const Incoming& request) {
    return remove(policies, request);
  }).says("deletes a policy");
}

}  // namespace runagents::server
