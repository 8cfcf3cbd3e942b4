#include "server/plane.hpp"

#include <utility>

#include "core/store/database.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {

struct Plane::Parts {
  Parts(store::Database opened, const PlaneOptions& given)
      : options{given}, database{std::move(opened)}, key{given.data_directory} {
    add_run_routes(router, runs);
    add_approval_routes(router, runs, approvals);
    add_grant_routes(router, grants);
    add_secret_routes(router, secrets);
    add_consent_routes(router, consents);
    if (options.issuer.empty()) add_local_secret_routes(router, secrets);
  }

  PlaneOptions options;
  store::Database database;
  Runs runs{database};
  Approvals approvals{database};
  Grants grants{database};
  StoreKey key;
  Secrets secrets{database, key};
  Consents consents{database};
  Router router;
};

Plane::Plane(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Plane::~Plane() = default;

Result<std::unique_ptr<Plane>> Plane::open(const PlaneOptions& options) {
  auto database = store::Database::open(options.data_directory / "runagents.db");
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<Plane>{new Plane{std::make_unique<Parts>(std::move(*database), options)}};
}

api::Response Plane::answer_owner(const api::Request& request) {
  return parts_->router.answer(request, [](const api::Request&) -> Result<Principal> {
    return Principal{.kind = Principal::Kind::local, .role = Role::admin};
  });
}

}  // namespace runagents::server
