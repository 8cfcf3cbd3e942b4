#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "cli/connection/connection.hpp"
#include "core/api/control_plane.hpp"
#include "core/api/http_transport.hpp"
#include "core/config/directories.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// Opens control planes when a command first needs them: the one that it is pointed at, and the store of this machine.
/// Of one thread.
class Planes {
 public:
  struct Settings {
    std::function<Result<config::Directories>()> directories;
    Environment environment;
    std::function<void(const std::string&)> trace = {};  ///< see api::HttpTransportOptions
  };
  explicit Planes(Settings settings) : settings_{std::move(settings)} {}

  /// What --context says; before anything is opened.
  void choose(std::string context, bool traces) {
    flag_ = std::move(context);
    traces_ = traces;
  }

  [[nodiscard]] Result<const Connection*> connection();
  [[nodiscard]] Result<api::Transport*> transport();
  [[nodiscard]] Result<api::ControlPlane*> control_plane();
  [[nodiscard]] Result<api::Transport*> local_transport();
  [[nodiscard]] Result<api::ControlPlane*> local_control_plane();
  /// The same server without a credential, for endpoints at which a client says in the body who it is. The local one is
  /// what it always is.
  [[nodiscard]] Result<api::Transport*> anonymous_transport();
  /// The same server with another credential. ErrorCode::configuration for the store of this machine.
  [[nodiscard]] Result<std::unique_ptr<api::Transport>> transport_as(api::RequestCredential own);
  /// What the requests of `transport` carry; see api::RequestCredential.
  [[nodiscard]] Result<config::Secret> credential(std::string_view refused);
  /// The id (`x-request-id`) under which the server knows the request that it refused last; empty: it refused none.
  [[nodiscard]] std::string refused_request() const;

 private:
  /// Transports may be used on other threads than this object.
  struct Refusal {
    std::mutex mutex;
    std::string request;
  };

  [[nodiscard]] Result<std::unique_ptr<api::Transport>> open_remote(const Connection& connection,
                                                                    api::RequestCredential credential);
  [[nodiscard]] api::RequestCredential credential_of(const Connection& connection);

  Settings settings_;
  std::string flag_;
  bool traces_ = false;
  std::shared_ptr<Refusal> refusal_ = std::make_shared<Refusal>();
  std::optional<Connection> connection_;
  std::optional<api::RequestCredential> own_credential_;
  std::unique_ptr<api::Transport> local_transport_;
  std::unique_ptr<api::Transport> remote_transport_;
  std::unique_ptr<api::Transport> anonymous_transport_;
  std::unique_ptr<api::ControlPlane> local_plane_;
  std::unique_ptr<api::ControlPlane> remote_plane_;
};

}  // namespace runagents::cli
