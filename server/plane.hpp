#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "server/principal.hpp"

namespace runagents::server {

class PolicySets;

struct PlaneOptions {
  std::filesystem::path data_directory;  ///< exists; has the store's key, and the SQLite file
  std::string database;                  ///< postgresql://...; empty: SQLite in the data directory
  std::string issuer;                    ///< the server's own URL, without a final "/"; empty: the embedded store
  std::shared_ptr<PolicySets> policy_sets = {};  ///< of all planes of this process on this store; null: its own
};

/// The control plane: every service over one connection to the store, and all routes of the API over them. A server has
/// one for each worker thread; the embedded one lives in a command's own process. Blocking; of one thread.
class Plane {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Plane>> open(const PlaneOptions& options);
  ~Plane();
  Plane(const Plane&) = delete;
  Plane& operator=(const Plane&) = delete;

  /// Answers a request of the owner of the embedded store, who needs no credential.
  [[nodiscard]] api::Response answer_owner(const api::Request& request);

 private:
  struct Parts;
  explicit Plane(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace runagents::server
