#include "server/embedded.hpp"

#include <utility>

#include "core/config/directories.hpp"
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

}  // namespace runagents::server
