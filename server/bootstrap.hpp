#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::server {

class Plane;

/// The first administrator of a new server.
struct Administrator {
  std::string user_id;
  std::string email;
  config::Secret api_key;
};

/// Makes the first administrator of a store that has no users; nothing when there are some already. Blocks.
[[nodiscard]] Result<std::optional<Administrator>> make_first_administrator(Plane& plane, const std::string& email);

/// Writes `{"endpoint","user_id","email","api_key"}` to a new file of mode 0600, in one step: whoever waits for the
/// file finds all of it.
[[nodiscard]] Result<void> write_bootstrap_file(const std::filesystem::path& file, const std::string& endpoint,
                                                const Administrator& administrator);

}  // namespace runagents::server
