#include "core/policy/binding.hpp"

#include <algorithm>

namespace runagents::policy {

bool is_bound(const model::Policy& policy, std::string_view agent) noexcept {
  return policy.subjects.empty() || std::ranges::any_of(policy.subjects, [agent](std::string_view subject) {
           return subject == "everyone" || (subject.starts_with("agent:") && subject.substr(6) == agent);
         });
}

std::optional<std::string_view> below_base(std::string_view path, std::string_view base) noexcept {
  if (!path.starts_with(base)) return std::nullopt;
  const auto rest = path.substr(base.size());
  if (rest.empty()) return "/";
  if (rest.front() != '/') return std::nullopt;
  return rest;
}

bool is_at(const ResourcePattern& resource, const model::BaseUrl& base) noexcept {
  return resource.scheme == base.scheme && resource.host == base.host && resource.port == base.port;
}

}  // namespace runagents::policy
