#include "server/service/policies.hpp"

#include <utility>

#include "server/service/policy_document.hpp"

namespace runagents::server {
namespace {

Result<StoredPolicy> stored(Result<Resource> resource) {
  if (!resource) return std::unexpected(std::move(resource.error()));
  auto policy = read_policy_spec(resource->document, resource->name);
  if (!policy) return std::unexpected(std::move(policy.error()));
  policy->id = resource->id;
  return StoredPolicy{*std::move(resource), *std::move(policy)};
}

}  // namespace

Result<Policies::Put> Policies::put(const Actor& actor, const nlohmann::ordered_json& document, std::string_view name) {
  auto read = read_policy_document(document, name);
  if (!read) return std::unexpected(std::move(read.error()));
  auto put = resources_.put(actor, read->policy.name, read->spec);
  if (!put) return std::unexpected(std::move(put.error()));
  read->policy.id = put->resource.id;
  return Put{{std::move(put->resource), std::move(read->policy)}, put->change};
}

Result<StoredPolicy> Policies::get(std::string_view name_or_id) { return stored(resources_.get(name_or_id)); }

Result<std::vector<StoredPolicy>> Policies::list() {
  auto resources = resources_.list();
  if (!resources) return std::unexpected(std::move(resources.error()));
  std::vector<StoredPolicy> policies;
  for (auto& resource : *resources) {
    auto policy = stored(std::move(resource));
    if (!policy) return std::unexpected(std::move(policy.error()));
    policies.push_back(*std::move(policy));
  }
  return policies;
}

Result<void> Policies::remove(const Actor& actor, std::string_view name_or_id) {
  return resources_.remove(actor, name_or_id);
}

Result<std::vector<model::Policy>> Policies::read_all() {
  auto all = list();
  if (!all) return std::unexpected(std::move(all.error()));
  std::vector<model::Policy> policies;
  for (auto& one : *all) policies.push_back(std::move(one.policy));
  return policies;
}

}  // namespace runagents::server
