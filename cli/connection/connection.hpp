#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/config/user_configuration.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// The control plane that a command speaks to. A value; holds no secret.
struct Connection {
  std::string context{config::local_context};  ///< empty: named by the environment's endpoint
  std::string endpoint = {};                   ///< empty: the store of this machine
  std::string ca_file = {};
  std::optional<model::SecretReference> credential = {};
  std::optional<model::SecretReference> session = {};

  [[nodiscard]] bool is_local() const noexcept { return endpoint.empty(); }
  /// For people: the context's name, or the endpoint.
  [[nodiscard]] const std::string& label() const noexcept { return context.empty() ? endpoint : context; }
};

using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// Which one is meant: `flag` (--context), RUNAGENTS_CONTEXT, the endpoint of the environment, the current context of
/// config.toml. The environment's API key goes to the environment's endpoint, or to a context that has no credential of
/// its own; so the key of one server is not sent to another one.
[[nodiscard]] Result<Connection> choose_connection(const std::string& flag, const Environment& environment,
                                                   const config::UserConfiguration& configuration);

/// Whether plain HTTP is allowed beyond this machine.
[[nodiscard]] bool allows_insecure_transport(const Environment& environment);

}  // namespace runagents::cli
