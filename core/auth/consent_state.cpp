#include "core/auth/consent_state.hpp"

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"

namespace runagents::auth {

std::string ConsentStates::issue(const ConsentSubject& subject, std::string_view nonce,
                                 std::chrono::sys_seconds expires_at) const {
  const auto time = std::to_string(expires_at.time_since_epoch().count());
  std::string text;
  for (const std::string_view part :
       {std::string_view{subject.run}, std::string_view{subject.tool}, std::string_view{subject.client},
        std::string_view{subject.user}, nonce, std::string_view{time}}) {
    // With its length in front, no part can pass for the end of the one before it.
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  return base64url(view(hmac_sha256(key_, text)));
}

bool ConsentStates::accepts(std::string_view state, const ConsentSubject& subject, std::string_view nonce,
                            std::chrono::sys_seconds expires_at, std::chrono::sys_seconds now) const {
  return now < expires_at && equal_in_constant_time(state, issue(subject, nonce, expires_at));
}

}  // namespace runagents::auth
