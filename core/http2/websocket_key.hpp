#pragma once

#include <string>

namespace runagents::http2 {

/// A new Sec-WebSocket-Key (RFC 6455, section 4.1), which a WebSocket over HTTP/2 does not have and a server of
/// HTTP/1.1 wants (RFC 8441, section 5).
[[nodiscard]] std::string new_websocket_key();

}  // namespace runagents::http2
