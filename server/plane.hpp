#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"

namespace runagents::server {

class PolicySets;
class ProviderKeys;

/// Where the management API begins on a server.
inline constexpr std::string_view api_base = "/api/v1";

struct PlaneOptions {
  std::filesystem::path data_directory;    ///< exists; has the store's key, and the SQLite file
  std::string database;                    ///< postgresql://...; empty: SQLite in the data directory
  store::DatabaseOptions connection = {};  ///< of each connection to the store
  std::string issuer;                      ///< the server's own URL, without a final "/"; empty: the embedded store
  std::shared_ptr<PolicySets> policy_sets = {};      ///< of all planes of this process on this store; null: its own
  std::shared_ptr<ProviderKeys> provider_keys = {};  ///< likewise
};

struct Services;

/// The control plane: every service over one connection to the store, and all routes of the API over them. A server has
/// one for each worker thread; the embedded one lives in a command's own process. Blocking; of one thread at a time.
class Plane {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Plane>> open(const PlaneOptions& options);
  /// One more connection to the store of these options.
  [[nodiscard]] static Result<store::Database> open_database(const PlaneOptions& options);
  ~Plane();
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  /// Answers a request of the owner of the embedded store, who needs no credential. The target is below the API's base.
  /// Waits where the request asks for it.
  [[nodiscard]] api::Response answer_owner(const api::Request& request);

  /// Answers a request that came over HTTP from the address `client`. The target is the whole path of the URL. Does not
  /// wait: see api::Response::may_change.
  [[nodiscard]] api::Response answer(const api::Request& request, std::string_view client);

  /// By whom a request over HTTP is. ErrorCode::unauthenticated when there is no credential or one that is no good;
  /// ErrorCode::usage when there are several that name different principals.
  [[nodiscard]] Result<Principal> authenticate(const api::Request& request, std::string_view client);

  [[nodiscard]] Services& services() noexcept { return *services_; }

 private:
  explicit Plane(std::unique_ptr<Services> services);

  std::unique_ptr<Services> services_;
};

}  // namespace runagents::server
