#include "server/http/planes.hpp"

#include <utility>

#include "server/oauth/provider_keys.hpp"
#include "server/service/policy_sets.hpp"

namespace runagents::server {

Planes::Planes(std::vector<std::unique_ptr<Plane>> planes) : free_{std::move(planes)}, threads_{free_.size()} {}
Planes::~Planes() { threads_.join(); }

Result<std::unique_ptr<Planes>> Planes::open(const PlaneOptions& options, unsigned count) {
  PlaneOptions shared = options;
  shared.policy_sets = std::make_shared<PolicySets>();
  shared.provider_keys = std::make_shared<ProviderKeys>();
  std::vector<std::unique_ptr<Plane>> planes;
  for (unsigned i = 0; i < count; ++i) {
    auto plane = Plane::open(shared);
    if (!plane) return std::unexpected(plane.error());
    planes.push_back(std::move(*plane));
  }
  return std::unique_ptr<Planes>{new Planes{std::move(planes)}};
}

std::unique_ptr<Plane> Planes::take() {
  const std::scoped_lock lock{mutex_};
  auto plane = std::move(free_.back());
  free_.pop_back();
  return plane;
}

void Planes::give_back(std::unique_ptr<Plane> plane) {
  const std::scoped_lock lock{mutex_};
  free_.push_back(std::move(plane));
}

}  // namespace runagents::server
