#include "runner/egress/unregistered_hosts.hpp"

#include <utility>

namespace runagents::egress {

const model::Tool* UnregisteredHosts::find(std::string_view scheme, std::string_view host, std::uint16_t port) {
  model::BaseUrl base{std::string{scheme}, std::string{host}, port, {}};
  auto url = base.to_string();
  if (const auto known = hosts_.find(url); known != hosts_.end()) return known->second.get();
  if (hosts_.size() >= max_hosts) return nullptr;
  auto tool = std::make_unique<model::Tool>();
  tool->name = base.authority();
  tool->is_registered = false;
  tool->base_url = std::move(base);
  return hosts_.emplace(std::move(url), std::move(tool)).first->second.get();
}

}  // namespace runagents::egress
