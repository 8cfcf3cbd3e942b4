#include "server/service/policy_sets.hpp"

#include <utility>

#include "server/service/policies.hpp"
#include "server/service/resources.hpp"

namespace runagents::server {

Result<std::shared_ptr<const PolicySet>> PolicySets::current(store::Database& database) {
  Resources resources{database, policies_kind};
  // The version is read before the policies: one that is too old only means that they are read once more.
  const auto version = resources.version();
  if (!version) return std::unexpected(version.error());
  const std::scoped_lock lock{mutex_};
  if (set_ != nullptr && version_ >= *version) return set_;
  auto policies = Policies{database}.read_all();
  if (!policies) return std::unexpected(std::move(policies.error()));
  set_ = std::make_shared<const PolicySet>(*std::move(policies));
  version_ = *version;
  return set_;
}

}  // namespace runagents::server
