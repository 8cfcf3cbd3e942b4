#pragma once

#include <chrono>
#include <string_view>

#include "core/config/secret.hpp"
#include "core/error.hpp"

namespace runagents::config {

/// Looks a secret up in the desktop's secret service (freedesktop.org Secret Service API), by the program `secret-tool`
/// of libsecret: the attribute `service`, and `username` or `account`, as the common keyring libraries set them.
/// `place` is "SERVICE/ACCOUNT"; the account begins after the first slash. Blocks. The error's message continues a
/// sentence.
[[nodiscard]] Result<Secret> secret_in_keyring(std::string_view place, std::chrono::milliseconds time_limit);

}  // namespace runagents::config
