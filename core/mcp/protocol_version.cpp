#include "core/mcp/protocol_version.hpp"

#include <algorithm>

namespace runagents::mcp {

std::string_view word(ProtocolVersion version) noexcept {
  switch (version) {
    case ProtocolVersion::v2024_11_05:
      return "2024-11-05";
    case ProtocolVersion::v2025_03_26:
      return "2025-03-26";
    case ProtocolVersion::v2025_06_18:
      return "2025-06-18";
    case ProtocolVersion::v2025_11_25:
      return "2025-11-25";
    case ProtocolVersion::v2026_07_28:
      break;
  }
  return "2026-07-28";
}

std::optional<ProtocolVersion> protocol_version(std::string_view text) noexcept {
  const auto* found = std::ranges::find(protocol_versions, text, [](auto version) { return word(version); });
  return found == protocol_versions.end() ? std::nullopt : std::optional{*found};
}

}  // namespace runagents::mcp
