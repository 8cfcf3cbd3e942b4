#pragma once

#include <optional>
#include <string>

#include "core/config/section.hpp"
#include "core/model/tool.hpp"

namespace runagents::config {

/// Reads a tool's base URL: http or https with any host and a path, `tcp://HOST:PORT`, or `builtin://echo`, the demo
/// tool inside the runner. Reports without repeating the text, which may hold a password.
[[nodiscard]] std::optional<model::BaseUrl> read_base_url(const Value& value);

/// Reads the URL of a service that is trusted with credentials or keys: https, or http to the loopback. Canonical.
[[nodiscard]] std::optional<std::string> read_service_url(const Value& value);

}  // namespace runagents::config
