#pragma once

#include "core/http/offload.hpp"

namespace runagents::egress {

/// The one thread for work that blocks: the control plane's database, secrets from files and commands.
using http::offload;
using http::Worker;

}  // namespace runagents::egress
