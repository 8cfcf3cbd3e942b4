#pragma once

#include <chrono>

#include "core/error.hpp"
#include "server/service/audit_log.hpp"

namespace runagents::server {

/// Keeps people who have signed in from trying the user codes of other people's devices (RFC 8628, section 5.1). The
/// audit log is what counts, so it does for all processes of a server, and an admin sees who tries.
class UserCodeGuesses {
 public:
  static constexpr std::uint32_t max_wrong = 10;
  static constexpr std::chrono::minutes period{15};  ///< as long as a code is good

  explicit UserCodeGuesses(AuditLog& audit) : audit_{audit} {}

  /// Whether another code of this person's is looked up.
  [[nodiscard]] Result<bool> may_try(const Principal& person);
  [[nodiscard]] Result<void> note_wrong(const Actor& actor);

 private:
  AuditLog& audit_;
};

}  // namespace runagents::server
