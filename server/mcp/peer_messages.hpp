#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/mcp/protocol_version.hpp"
#include "server/mcp/peer.hpp"

namespace runagents::server {

/// How deep an MCP server's messages may nest that are read here.
inline constexpr std::size_t max_message_depth = 128;

/// One message of an MCP server to the proxy: an answer, or a request of the server's own.
struct PeerMessage {
  std::string id;     ///< as JSON; empty: it has none
  PeerAnswer answer;  ///< of an answer
  bool is_answer = false;
  std::string reply;  ///< what a request is answered: there is nobody to ask. Empty: it is none
};

/// Reads one message, or an array of them. What is neither an answer nor a request with a sound id is left out.
/// ErrorCode::unavailable (upstream_protocol) when the text is not JSON with one reading, nests too deep, or has an
/// answer with both a result and an error, or a result that is no object.
[[nodiscard]] Result<std::vector<PeerMessage>> read_peer_messages(std::string_view text, mcp::ProtocolVersion version);

/// "the MCP server's answer cannot be used: ...", reason upstream_protocol.
[[nodiscard]] std::unexpected<Error> unusable_answer(std::string why);

}  // namespace runagents::server
