#include "server/plane.hpp"

#include <chrono>
#include <thread>
#include <utility>

#include "server/long_poll.hpp"
#include "server/services.hpp"

namespace runagents::server {
namespace {

using Clock = std::chrono::steady_clock;

/// Below the base; nothing when the target is elsewhere.
std::optional<std::string> below_base(std::string_view target) {
  if (!target.starts_with(api_base)) return std::nullopt;
  const auto rest = target.substr(api_base.size());
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
  return std::string{rest};
}

}  // namespace

Plane::Plane(std::unique_ptr<Services> services) : services_{std::move(services)} {}
Plane::~Plane() = default;

Result<std::unique_ptr<Plane>> Plane::open(const PlaneOptions& options) {
  const auto file = options.data_directory / "runagents.db";
  auto database = options.database.empty() ? store::Database::open(file) : store::Database::open(options.database);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<Plane>{new Plane{std::make_unique<Services>(std::move(*database), options)}};
}

api::Response Plane::answer_owner(const api::Request& request) {
  const auto by_owner = [](const api::Request&) -> Result<Principal> {
    return Principal{.kind = Principal::Kind::local, .role = Role::admin};
  };
  const auto deadline = Clock::now() + wanted_wait(request.target);
  for (;;) {
    auto response = services_->router.answer(request, by_owner);
    if (!response.may_change || Clock::now() >= deadline) return response;
    std::this_thread::sleep_for(look_again);
  }
}

api::Response Plane::answer(const api::Request& request, std::string_view client) {
  const auto by_credential = [&](const api::Request& asked) { return authenticate(asked, client); };
  auto target = below_base(request.target);
  if (!target) return services_->site.answer(request, by_credential);
  api::Request inner{request.method, std::move(*target), request.body, request.fields};
  return services_->router.answer(inner, by_credential);
}

}  // namespace runagents::server
