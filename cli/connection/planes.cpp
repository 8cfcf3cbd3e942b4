#include "cli/connection/planes.hpp"

#include <memory>
#include <utility>

#include "cli/connection/session.hpp"
#include "core/auth/key_ring.hpp"
#include "server/embedded.hpp"

namespace runagents::cli {

Result<const Connection*> Planes::connection() {
  if (connection_) return &*connection_;
  const auto directories = settings_.directories();
  if (!directories) return std::unexpected(directories.error());
  const auto configuration =
      config::read_user_configuration(config::user_configuration_file(directories->configuration));
  if (!configuration) return std::unexpected(configuration.error());
  auto chosen = choose_connection(flag_, settings_.environment, *configuration);
  if (!chosen) return std::unexpected(std::move(chosen.error()));
  return &connection_.emplace(std::move(*chosen));
}

Result<api::Transport*> Planes::local_transport() {
  if (local_transport_) return local_transport_.get();
  const auto directories = settings_.directories();
  if (!directories) return std::unexpected(directories.error());
  auto opened = server::open_embedded(directories->data);
  if (!opened) return std::unexpected(std::move(opened.error()));
  local_transport_ = std::move(*opened);
  return local_transport_.get();
}

Result<api::ControlPlane*> Planes::local_control_plane() {
  if (local_plane_) return local_plane_.get();
  const auto opened = local_transport();
  if (!opened) return std::unexpected(opened.error());
  local_plane_ = std::make_unique<api::ControlPlane>(**opened);
  return local_plane_.get();
}

Result<api::Transport*> Planes::transport() {
  const auto chosen = connection();
  if (!chosen) return std::unexpected(chosen.error());
  if ((*chosen)->is_local()) return local_transport();
  if (remote_transport_) return remote_transport_.get();
  auto opened = open_remote(**chosen, credential_of(**chosen));
  if (!opened) return std::unexpected(std::move(opened.error()));
  remote_transport_ = std::move(*opened);
  return remote_transport_.get();
}

Result<api::ControlPlane*> Planes::control_plane() {
  const auto chosen = connection();
  if (!chosen) return std::unexpected(chosen.error());
  if ((*chosen)->is_local()) return local_control_plane();
  if (remote_plane_) return remote_plane_.get();
  const auto opened = transport();
  if (!opened) return std::unexpected(opened.error());
  remote_plane_ = std::make_unique<api::ControlPlane>(**opened);
  return remote_plane_.get();
}

Result<api::Transport*> Planes::anonymous_transport() {
  const auto chosen = connection();
  if (!chosen) return std::unexpected(chosen.error());
  if ((*chosen)->is_local()) return local_transport();
  if (anonymous_transport_) return anonymous_transport_.get();
  auto opened = open_remote(**chosen, {});
  if (!opened) return std::unexpected(std::move(opened.error()));
  anonymous_transport_ = std::move(*opened);
  return anonymous_transport_.get();
}

Result<std::unique_ptr<api::Transport>> Planes::transport_as(api::RequestCredential own) {
  const auto chosen = connection();
  if (!chosen) return std::unexpected(chosen.error());
  if ((*chosen)->is_local()) return fail(ErrorCode::configuration, "the store of this machine is no server");
  return open_remote(**chosen, std::move(own));
}

Result<config::Secret> Planes::credential(std::string_view refused) {
  const auto chosen = connection();
  if (!chosen) return std::unexpected(chosen.error());
  if (!own_credential_) own_credential_ = credential_of(**chosen);
  if (!*own_credential_) return config::Secret{};
  return (*own_credential_)(refused);
}

std::string Planes::refused_request() const {
  const std::lock_guard lock{refusal_->mutex};
  return refusal_->request;
}

Result<std::unique_ptr<api::Transport>> Planes::open_remote(const Connection& connection,
                                                            api::RequestCredential credential) {
  api::HttpTransportOptions options{
      .endpoint = connection.endpoint, .ca_file = connection.ca_file, .credential = std::move(credential)};
  if (traces_) options.trace = settings_.trace;
  options.fetch = [refusal = refusal_](const http::FetchRequest& request) {
    auto response = http::fetch(request);
    if (response && response->status >= 400) {
      const std::lock_guard lock{refusal->mutex};
      refusal->request = response->field("x-request-id");
    }
    return response;
  };
  return api::open_http(std::move(options));
}

api::RequestCredential Planes::credential_of(const Connection& connection) {
  if (connection.session) {
    return [this, connection](std::string_view refused) -> Result<config::Secret> {
      const auto plane = local_control_plane();
      if (!plane) return std::unexpected(plane.error());
      const auto directories = settings_.directories();
      if (!directories) return std::unexpected(directories.error());
      return session_token(connection, **plane, directories->data, refused);
    };
  }
  if (!connection.credential) return {};
  auto known = std::make_shared<std::optional<config::Secret>>();
  return [this, connection, known](std::string_view) -> Result<config::Secret> {
    if (!*known) {
      const auto stored = [this](std::string_view name) -> Result<config::Secret> {
        const auto plane = local_control_plane();
        if (!plane) return std::unexpected(plane.error());
        return (*plane)->reveal_secret(name);
      };
      const auto directories = settings_.directories();
      if (!directories) return std::unexpected(directories.error());
      auto secret =
          config::resolve(*connection.credential, directories->configuration, std::chrono::seconds{30}, stored);
      if (!secret) return std::unexpected(std::move(secret.error()));
      known->emplace(std::move(*secret));
    }
    return auth::copy(**known);
  };
}

}  // namespace runagents::cli
