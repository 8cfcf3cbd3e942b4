#include "core/model/mcp_server.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace runagents::model {
namespace {

constexpr std::array<std::pair<ServerStatus, std::string_view>, 3> statuses = {
    {{ServerStatus::active, "active"}, {ServerStatus::disabled, "disabled"}, {ServerStatus::draft, "draft"}}};

}  // namespace

std::string_view word(McpTransport transport) noexcept {
  return transport == McpTransport::stdio ? "stdio" : "streaming-http";
}

std::optional<McpTransport> mcp_transport_of(std::string_view word) noexcept {
  if (word == "stdio") return McpTransport::stdio;
  if (word == "streaming-http" || word == "streamable-http" || word == "http") return McpTransport::streaming_http;
  return std::nullopt;
}

std::string_view word(ServerStatus status) noexcept { return statuses[static_cast<std::size_t>(status)].second; }

std::optional<ServerStatus> server_status_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(statuses, word, &decltype(statuses)::value_type::second);
  return found == statuses.end() ? std::nullopt : std::optional{found->first};
}

}  // namespace runagents::model
