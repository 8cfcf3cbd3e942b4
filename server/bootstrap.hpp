#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "core/model/user.hpp"

namespace runagents::server {

class Plane;

/// The first administrator of a new server.
struct Administrator {
  std::string user_id;
  std::string email;
  config::Secret api_key;
};

/// Gets the key before it counts. An error: then there is no key, and the next start makes one.
using Deliver = std::function<Result<void>(const model::User& administrator, const config::Secret& api_key)>;

/// Makes the first administrator of a store in which there is no API key yet, and its key; nothing where there are
/// some. Of several processes that do so at once, one makes the key. Blocks.
[[nodiscard]] Result<std::optional<Administrator>> make_first_administrator(Plane& plane, const std::string& email,
                                                                            const Deliver& deliver);

/// Writes `{"endpoint","user_id","email","api_key"}` to a new file of mode 0600, in one step: whoever waits for the
/// file finds all of it.
[[nodiscard]] Result<void> write_bootstrap_file(const std::filesystem::path& file, const std::string& endpoint,
                                                const model::User& administrator, const config::Secret& api_key);

}  // namespace runagents::server
