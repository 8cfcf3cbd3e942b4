#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace runagents::auth {

/// What an authorization is for. A `state` is worth nothing for any other.
struct ConsentSubject {
  std::string run;     ///< empty: none, `consents start`
  std::string tool;    ///< and
  std::string client;  ///< what the token is for, see token_place.hpp
  std::string user;    ///< empty: the shared token
};

/// Makes and checks the `state` of authorization requests (RFC 6749, 10.12): an HMAC under a key of this process over
/// the subject, a nonce and the time at which it ends. That it is used only once is the caller's to see to.
class ConsentStates {
 public:
  /// `key`: bytes that nobody else knows.
  explicit ConsentStates(std::string key) : key_{std::move(key)} {}

  [[nodiscard]] std::string issue(const ConsentSubject& subject, std::string_view nonce,
                                  std::chrono::sys_seconds expires_at) const;
  /// Whether `state` was issued for exactly this and its time is not over.
  [[nodiscard]] bool accepts(std::string_view state, const ConsentSubject& subject, std::string_view nonce,
                             std::chrono::sys_seconds expires_at, std::chrono::sys_seconds now) const;

 private:
  std::string key_;
};

}  // namespace runagents::auth
