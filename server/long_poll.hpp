#pragma once

#include <chrono>
#include <string_view>

namespace runagents::server {

/// How often what a client waits for is looked at.
inline constexpr std::chrono::milliseconds look_again{50};

/// For how long the client is willing to wait for something new: the query parameter `wait` in milliseconds, at most a
/// minute; none: not at all.
[[nodiscard]] std::chrono::milliseconds wanted_wait(std::string_view target) noexcept;

}  // namespace runagents::server
