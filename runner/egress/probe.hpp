#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/model/tool.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// Whether a tool can be reached, as a call would reach it.
struct ProbeResult {
  bool reachable = false;  ///< something answered in HTTP
  int status = 0;          ///< of that answer
  std::chrono::milliseconds latency{0};
  std::optional<std::chrono::sys_seconds> date;  ///< of that answer (RFC 9110, section 6.6.1)
  std::optional<Refusal> refusal;                ///< why not
};

/// Resolves, checks and dials the tool's address, completes TLS and sends `HEAD <base path>` without a credential.
/// Blocks, at most for the connect and handshake time limits plus ten seconds.
[[nodiscard]] ProbeResult probe(const model::Tool& tool);

}  // namespace runagents::egress
