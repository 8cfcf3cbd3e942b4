#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace runagents::mcp {

/// The versions of the Model Context Protocol with Streamable HTTP, oldest first. 2024-11-05 had another transport;
/// servers of that time answer over this one too and name it.
enum class ProtocolVersion { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr std::array protocol_versions = {ProtocolVersion::v2024_11_05, ProtocolVersion::v2025_03_26,
                                                 ProtocolVersion::v2025_06_18, ProtocolVersion::v2025_11_25,
                                                 ProtocolVersion::v2026_07_28};

/// What a request without MCP-Protocol-Version speaks (2025-11-25, transports, "Protocol Version Header").
inline constexpr auto assumed_version = ProtocolVersion::v2025_03_26;

/// "2025-11-25".
[[nodiscard]] std::string_view word(ProtocolVersion version) noexcept;
[[nodiscard]] std::optional<ProtocolVersion> protocol_version(std::string_view word) noexcept;

/// Modern versions have no sessions: each request says in `_meta` what it speaks. Legacy ones begin with `initialize`.
[[nodiscard]] constexpr bool is_modern(ProtocolVersion version) noexcept {
  return version >= ProtocolVersion::v2026_07_28;
}
/// Whether a POST may hold an array of messages.
[[nodiscard]] constexpr bool has_batches(ProtocolVersion version) noexcept {
  return version == ProtocolVersion::v2025_03_26;
}

}  // namespace runagents::mcp
