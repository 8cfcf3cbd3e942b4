#include "server/embedded.hpp"

#include <utility>

#include "core/config/directories.hpp"
#include "core/store/database.hpp"
#include "server/routes/routes.hpp"

namespace runagents::server {
namespace {

class EmbeddedTransport final : public api::Transport {
 public:
  EmbeddedTransport(store::Database database, const std::filesystem::path& data_directory)
      : database_{std::move(database)}, secrets_{database_, data_directory} {
    add_run_routes(router_, runs_);
    add_approval_routes(router_, runs_, approvals_);
    add_grant_routes(router_, grants_);
    add_secret_routes(router_, secrets_);
    add_local_secret_routes(router_, secrets_);
    add_consent_routes(router_, consents_);
  }

  [[nodiscard]] Result<api::Response> send(const api::Request& request) override { return router_.answer(request); }

 private:
  store::Database database_;
  Runs runs_{database_};
  Approvals approvals_{database_};
  Grants grants_{database_};
  Secrets secrets_;
  Consents consents_{database_};
  Router router_;
};

}  // namespace

Result<std::unique_ptr<api::Transport>> open_embedded(const std::filesystem::path& data_directory) {
  if (auto made = config::make_private_directory(data_directory); !made) return std::unexpected(made.error());
  auto database = store::Database::open(data_directory / "runagents.db");
  if (!database) return std::unexpected(database.error());
  return std::make_unique<EmbeddedTransport>(std::move(*database), data_directory);
}

}  // namespace runagents::server
