#pragma once

#include <string_view>

#include "core/http2/header_block.hpp"

namespace runagents::http2 {

/// Writes the head of a request, given as HTTP/1.1 text up to and with its empty line, as a header section (RFC 9113,
/// section 8.3.1): Host becomes :authority, and what is of one connection of HTTP/1.1 is left out (8.2.2).
void write_request(HeaderBlock& block, std::string_view head, std::string_view scheme, bool wants_trailers);

}  // namespace runagents::http2
