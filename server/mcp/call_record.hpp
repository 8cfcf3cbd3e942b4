#pragma once

#include <chrono>
#include <string_view>

#include "server/mcp/admission.hpp"
#include "server/mcp/audit_writer.hpp"

namespace runagents::server {

/// How a call of a tool ended.
struct CallOutcome {
  std::string_view tool;
  const Decision& decision;
  int status = 0;         ///< HTTP, of the answer; 0: the client was gone
  std::string_view code;  ///< the machine word of a refusal or failure; empty: the server has answered
  std::chrono::steady_clock::time_point started;
};

/// The entry of the audit log: who, for whom, on which server, what, what policy said, with whose credential, how it
/// ended and how long it took. Holds no arguments and no results.
[[nodiscard]] CallRecord call_record(const Admission& admission, std::string_view request_id,
                                     const CallOutcome& outcome);

}  // namespace runagents::server
