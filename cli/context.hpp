#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/connection/connection.hpp"
#include "cli/output/options.hpp"
#include "cli/terminal.hpp"
#include "core/api/control_plane.hpp"
#include "core/api/http_transport.hpp"
#include "core/config/directories.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"

namespace runagents::cli {

/// What a command may touch, passed in so that tests can pass something else. Lives as long as the command runs; used
/// by one thread.
struct Context {
  Terminal& terminal;
  output::Options output;
  std::function<model::Time()> now;
  /// A variable of the process environment; nothing when it is unset.
  std::function<std::optional<std::string>(std::string_view)> environment;
  std::filesystem::path working_directory;
  std::string program;  ///< path of this very executable
  std::function<Result<config::Directories>()> directories;
  /// Which control plane is meant from now on (--context; empty: what environment and config.toml say), and whether
  /// requests are shown. Called once, before anything is opened.
  std::function<void(std::string context, bool traces)> choose = {};
  std::function<Result<const Connection*>()> connection;
  /// The control plane, opened at the first call and the same one afterwards.
  std::function<Result<api::ControlPlane*>()> control_plane;
  std::function<Result<api::Transport*>()> transport;
  /// To the same server without a credential; see Planes.
  std::function<Result<api::Transport*>()> anonymous_transport;
  /// To the same server with another credential than the context's, for as long as the transport lives.
  std::function<Result<std::unique_ptr<api::Transport>>(api::RequestCredential)> transport_as = {};
  /// The context's own credential, as api::RequestCredential gives it.
  std::function<Result<config::Secret>(std::string_view refused)> credential = {};
  /// The id under which the server knows the request that it refused last; empty: it refused none.
  std::function<std::string()> refused_request = {};
  /// The store of this machine, whatever the context.
  std::function<Result<api::ControlPlane*>()> local_control_plane;
  /// Waits before looking again; false: stop looking.
  std::function<bool(std::chrono::milliseconds)> pause;
  /// The processes above this one, nearest first.
  std::function<std::vector<std::int64_t>()> ancestors;
  /// Whether a living runner writes the journal of a run; see audit::is_held.
  std::function<bool(const std::filesystem::path&)> journal_is_held;
};

/// How a command ends: a process exit status, or the error that becomes one.
using Outcome = Result<int>;

}  // namespace runagents::cli
