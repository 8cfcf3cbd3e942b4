#include "server/embedded.hpp"

#include <soci/soci.h>
#include <utility>

#include "core/config/directories.hpp"
#include "core/store/database.hpp"
#include "server/plane.hpp"

namespace runagents::server {
namespace {

class EmbeddedTransport final : public api::Transport {
 public:
  explicit EmbeddedTransport(std::unique_ptr<Plane> plane) : plane_{std::move(plane)} {}

  [[nodiscard]] Result<api::Response> send(const api::Request& request) override {
    return plane_->answer_owner(request);
  }

 private:
  std::unique_ptr<Plane> plane_;
};

}  // namespace

Result<std::unique_ptr<api::Transport>> open_embedded(const std::filesystem::path& data_directory) {
  if (auto made = config::make_private_directory(data_directory); !made) return std::unexpected(made.error());
  auto plane = Plane::open({.data_directory = data_directory, .database = {}, .issuer = {}});
  if (!plane) return std::unexpected(plane.error());
  return std::make_unique<EmbeddedTransport>(std::move(*plane));
}

Result<void> check_embedded(const std::filesystem::path& data_directory) {
  const auto file = data_directory / "runagents.db";
  auto database = store::Database::open(file);
  if (!database) return std::unexpected(database.error());
  return database->read([&](soci::session& session) -> Result<void> {
    std::string found;
    session << "PRAGMA quick_check(1)", soci::into(found);
    if (found == "ok") return {};
    return fail(ErrorCode::unavailable, file.string() + " is damaged: " + found,
                "put back a copy, or move it away: an empty one is made then");
  });
}

}  // namespace runagents::server
