#pragma once

#include "core/http/exchange.hpp"

namespace runagents::egress {

// The agent's side of one call.
using http::Exchange;
using http::ResponseStart;

}  // namespace runagents::egress
