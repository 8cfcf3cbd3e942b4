#include "runner/ingress/client_domain.hpp"

#include <algorithm>
#include <optional>

#include "core/policy/target.hpp"
#include "runner/egress/fields.hpp"

namespace runagents::ingress {

std::string client_domain(const http::RequestHead& head) {
  std::optional<std::string_view> origin;
  for (const auto& field : head.fields) {
    if (!egress::same_field(field.name, "origin")) continue;
    if (origin) return {};
    origin = field.value;
  }
  auto authority = head.host;
  if (origin) {
    const auto scheme = origin->find("://");
    if (scheme == origin->npos) return {};  // "null" is nobody's
    authority = origin->substr(scheme + 3);
  }
  const auto parsed = policy::parse_authority(authority, 80);
  return parsed ? std::string{parsed->host} : std::string{};
}

bool is_allowed(const std::string& domain, const std::vector<std::string>& allowed) {
  return allowed.empty() || (!domain.empty() && std::ranges::find(allowed, domain) != allowed.end());
}

}  // namespace runagents::ingress
